import Foundation
import TestSupport

/// The real `curl`, as device makers and operators use it.
enum Curl {
  struct Failure: Error, CustomStringConvertible {
    let arguments: [String]
    let result: ProgramResult
    var description: String { "curl \(arguments.joined(separator: " ")) ended with \(result.status): \(result.errors)" }
  }

  /// Makes one request and gives the answer to it, whatever its status.
  /// - Throws: `Failure` when there was no whole answer.
  static func ask(_ arguments: [String]) async throws -> RawAnswer {
    let folder = try TemporaryFolder()
    let (head, body) = ("\(folder.path)/head", "\(folder.path)/body")
    let all = ["--silent", "--show-error", "--max-time", "60", "--dump-header", head, "--output", body] + arguments
    let result = try await Program.run("curl", all)
    guard result.status == 0 else { throw Failure(arguments: arguments, result: result) }
    var answer = try RawAnswer(head: lastHead(Array(FileManager.default.contents(atPath: head) ?? Data())))
    answer.body = Array(FileManager.default.contents(atPath: body) ?? Data())
    return answer
  }

  /// Behind any interim answer (`100 Continue`) stands the one that counts.
  private static func lastHead(_ heads: [UInt8]) -> ArraySlice<UInt8> {
    var last = heads.dropLast(RawAnswer.endOfHead.count)
    while let end = last.place(of: RawAnswer.endOfHead) { last = last[end.upperBound...] }
    return last
  }
}

/// A device that speaks with `curl`.
struct CurlThing: Sendable {
  /// `http://127.0.0.1:PORT`
  let server: String
  let token: String

  var base: String { "\(server)/v2/things/\(token)" }

  /// Asks what it may have, and says what it runs where `version` is given.
  func poll(mcu: String? = nil, version: String? = nil, boot: String? = nil) async throws -> RawAnswer {
    let query = [("mcu", mcu), ("version", version), ("boot", boot)].compactMap { name, value in
      value.flatMap { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) }.map { "\(name)=\($0)" }
    }
    return try await Curl.ask(["\(base)/firmwares/latest" + (query.isEmpty ? "" : "?") + query.joined(separator: "&")])
  }

  /// Reports what happens to a firmware; with no status, what runs.
  func report(mcu: String, version: String, status: String? = nil, boot: String? = nil) async throws -> RawAnswer {
    let members = [("mcu", mcu), ("version", version), ("status", status), ("boot", boot)].compactMap { name, value in
      value.map { "\"\(name)\":\"\($0)\"" }
    }
    let value = "{\(members.joined(separator: ","))}"
    return try await Curl.ask(["--data", "{\"values\":[{\"key\":\"$firmware\",\"value\":\(value)}]}", base])
  }

  /// Downloads a firmware, or what the further arguments for `curl` say of it.
  func download(_ id: String, _ arguments: String...) async throws -> RawAnswer {
    try await Curl.ask(arguments + [downloadURL(id)])
  }

  func downloadURL(_ id: String) -> String { "\(base)/firmwares/download/\(id)" }

  /// The signed manifest of a firmware.
  func manifest(_ id: String) async throws -> RawAnswer { try await Curl.ask(["\(base)/firmwares/manifest/\(id)"]) }
}
