import Foundation
import TestSupport
import Testing

/// A server that may open no more files.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ServeFileLimitTests {
  private static let complaint = "a connection could not be accepted"

  @Test func aServerWithNoFileLeftSaysSoOnceAndTakesConnectionsAgain() async throws {
    try await withServer { server in
      #expect(try await server.exchange("GET", "/healthz").status == 200)
      // Soft alone, so that it can be put back.
      try await limitFiles(of: server, to: try openFiles(of: server) + 8)
      var held: [RawConnection] = []
      try await eventually("no connection can be accepted") {
        held.append(try RawConnection(server.url))
        return server.log.contains(Self.complaint)
      }
      // Some are served all the same, and others wait.
      await held[0].send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try await held[0].answer().status == 200)
      let waiting = try RawConnection(server.url)
      await waiting.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      for connection in held { connection.close() }
      #expect(try await waiting.answer().status == 200)
      try await limitFiles(of: server, to: 1024)
      #expect(server.log.components(separatedBy: Self.complaint).count == 2, "\(server.log)")
    }
  }

  private func openFiles(of server: RunningServer) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.processID)/fd").count
  }

  private func limitFiles(of server: RunningServer, to count: Int) async throws {
    let outcome = try await Program.run("prlimit", ["--pid", String(server.processID), "--nofile=\(count):"])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }
}
