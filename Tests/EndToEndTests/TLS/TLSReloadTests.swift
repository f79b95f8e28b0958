import Foundation
import TestSupport
import Testing

/// Certificates are exchanged, and sessions resumed, while the service runs.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TLSReloadTests {
  /// The common name of the certificate that a new connection is shown.
  private func shown(_ server: RunningServer) async throws -> String? {
    let talk = try await SecureClient.ask(server.url)
    let line = talk.output.split(separator: "\n").first { $0.hasPrefix("subject=") }
    return line?.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private func replace(_ file: String, by other: String) throws {
    let bytes = try #require(FileManager.default.contents(atPath: other))
    try bytes.write(to: URL(fileURLWithPath: file), options: .atomic)
  }

  @Test func newFilesAreTakenAndConnectionsThatStandGoOn() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("first", for: .server)
    let next = try await authority.certificate("second", for: .server)
    let server = try await RunningServer.start(store: authority.folder.path + "/store", arguments: served.serving)
    #expect(try await shown(server) == "first")
    let standing = try SecureTalk(server.url)
    #expect(try await standing.ask("/healthz").contains("200 OK"))
    // Between the two files the pair does not fit, and what is in use stays.
    try replace(served.certificate, by: next.certificate)
    try await eventually("the pair is refused") { server.log.contains("the old certificate stays in use") }
    #expect(try await shown(server) == "first")
    try replace(served.key, by: next.key)
    try await eventually("the pair is taken") { try await shown(server) == "second" }
    #expect(try await standing.ask("/healthz").contains("200 OK"))
    #expect(await server.terminate() == 0)
  }

  @Test func aBrokenFileChangesNothingUntilItIsMendedAndASignalHasThemLookedAtAtOnce() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("first", for: .server)
    let next = try await authority.certificate("second", for: .server, key: .rsa)
    let server = try await RunningServer.start(store: authority.folder.path + "/store", arguments: served.serving)
    server.sendSignal(SIGHUP)
    try await eventually("the signal is heard") { server.log.contains("the certificate and its key are as they were") }
    try Data("no certificate".utf8).write(to: URL(fileURLWithPath: served.certificate))
    server.sendSignal(SIGHUP)
    try await eventually("the file is refused") { server.log.contains("\(served.certificate) holds no certificates") }
    try FileManager.default.removeItem(atPath: served.key)
    server.sendSignal(SIGHUP)
    #expect(try await shown(server) == "first")
    try replace(served.certificate, by: next.certificate)
    try replace(served.key, by: next.key)
    server.sendSignal(SIGHUP)
    try await eventually("the new pair is taken") { try await shown(server) == "second" }
    #expect(await server.terminate() == 0)
  }

  @Test(arguments: [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
  func sessionsAreResumedOnWhicheverLoopAConnectionComesAndBeginAnewWithANewCertificate(
    version: String, name: String
  ) async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("first", for: .server)
    let next = try await authority.certificate("second", for: .server)
    let server = try await RunningServer.start(store: authority.folder.path + "/store", arguments: served.serving)
    let session = authority.folder.path + "/session.pem"
    let first = try await SecureClient.ask(server.url, [version, "-sess_out", session])
    #expect(first.output.contains("New, \(name)"), "\(first.output)")
    for _ in 1...4 {
      let again = try await SecureClient.ask(server.url, [version, "-sess_in", session])
      #expect(again.output.contains("Reused, \(name)") && again.output.contains("HTTP/1.1 200 OK"), "\(again.output)")
    }
    try replace(served.key, by: next.key)
    try replace(served.certificate, by: next.certificate)
    try await eventually("the pair is taken") { try await shown(server) == "second" }
    let anew = try await SecureClient.ask(server.url, [version, "-sess_in", session])
    #expect(anew.output.contains("New, \(name)") && anew.output.contains("HTTP/1.1 200 OK"), "\(anew.output)")
    #expect(await server.terminate() == 0)
  }
}

/// A TLS connection that is kept: `openssl s_client` with its two ends.
final class SecureTalk: Sendable {
  private let process: ChildProcess
  private let (input, output) = (Pipe(), Pipe())

  init(_ url: String) throws {
    process = try ChildProcess(
      Program.find("openssl"), ["s_client", "-connect", String(url.drop { $0 != "/" }.dropFirst(2)), "-quiet"],
      input: .pipe(input), output: .pipe(output), errors: .nothing)
  }

  /// Makes one request, and gives what comes first of its answer.
  func ask(_ path: String) async throws -> String {
    await offThread { [input, output] in
      input.fileHandleForWriting.write(Data("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      var text = ""
      while !text.contains("\r\n\r\n") {
        let piece = output.nextPiece()
        if piece.isEmpty { break }
        text += String(decoding: piece, as: UTF8.self)
      }
      return text
    }
  }
}
