import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// A `chromedriver` under way, which takes the commands of W3C WebDriver (https://www.w3.org/TR/webdriver2/). It is killed when
/// nobody holds it any more.
final class WebDriver: Sendable {
  static let program = "chromedriver"

  /// A command that was refused.
  struct Refusal: Error, CustomStringConvertible {
    /// As in https://www.w3.org/TR/webdriver2/#errors, such as `stale element reference`.
    let code: String
    let message: String
    var description: String { "\(code): \(message)" }
  }

  private let process: StartedProgram
  /// `http://127.0.0.1:PORT`
  private let url: String

  /// Starts one on a free port, and returns when it takes commands.
  /// - Parameter folder: where it and its browser keep what is theirs.
  static func start(in folder: TemporaryFolder) async throws -> WebDriver {
    let process = try StartedProgram(program, ["--port=0"], in: folder.path, environment: ["TMPDIR": folder.path])
    let ready = "started successfully on port "
    var port: String?
    try await eventually("chromedriver takes commands", within: 60) {
      guard process.isRunning else { throw Refusal(code: "chromedriver did not start", message: process.written) }
      let line = process.written.split(separator: "\n").first { $0.contains(ready) && $0.hasSuffix(".") }
      port = line.flatMap { $0.components(separatedBy: ready).last.map { String($0.dropLast()) } }
      return port != nil
    }
    return WebDriver(process, url: "http://127.0.0.1:\(port ?? "")")
  }

  private init(_ process: StartedProgram, url: String) {
    self.process = process
    self.url = url
  }

  /// Kills it now.
  func end() { process.signal(SIGKILL) }

  /// Gives a command.
  /// - Returns: the `value` of the answer.
  /// - Throws: `Refusal`.
  @discardableResult func command(
    _ method: String, _ path: String, _ parameters: [String: JSONValue] = [:], within limit: TimeAmount = .seconds(120)
  ) async throws -> JSONValue {
    var request = HTTPClientRequest(url: url + path)
    request.method = .init(rawValue: method)
    if method == "POST" {
      request.headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
      request.body = .bytes(ByteBuffer(string: JSONValue.object(parameters).json))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: limit)
    let body = try await response.body.collect(upTo: 256 << 20)
    let value = try JSONValue.reading(String(buffer: body))["value"] ?? .null
    guard response.status.code == 200 else {
      throw Refusal(code: value["error"]?.text ?? "\(response.status)", message: value["message"]?.text ?? "")
    }
    return value
  }
}
