import Domain
import Foundation
import Testing

/// Clients that do not speak HTTP, or not fast enough, against the real program.
@Suite(.serialized) struct BadInputConnectionTests {
  @Test func whatIsNotHTTPIsAnsweredWith400AndClosed() async throws {
    try await withServer(environment: ["FIRMAMENT_HEAD_TIMEOUT": "2"]) { server in
      let garbage = [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n",
        "GET /healthz\r\n\r\n",
        "GET /healthz HTTP/9.9\r\n\r\n", "GET /healthz HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n: empty\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /v2/things HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /v2/things HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /v2/things HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nBad: a\u{0}b\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      ]
      for text in garbage {
        let connection = try RawConnection(server.url)
        await connection.send(text)
        let answer = try await connection.answer()
        expectThingError(answer, 400, text)
        #expect(answer["connection"]?.lowercased() == "close", "\(text)")
        #expect(try await connection.readToEnd().isEmpty, "\(text)")
      }
      // In the middle of a body, after the head was taken.
      let connection = try RawConnection(server.url)
      await connection.send("POST /v2/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n")
      expectThingError(try await connection.answer(), 400)
      #expect(try await server.exchange("GET", "/healthz").status == 200)
    }
  }

  @Test func headsThatAreTooLongAreAnsweredWith431() async throws {
    try await withServer { server in
      let long = String(repeating: "a", count: 70_000)
      let many = (0..<5000).map { "X-\($0): 1\r\n" }.joined()
      let heads = [
        "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v2/things/\(long)/firmwares/latest HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: \(long)\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\n\(many)\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\(long): 1\r\n\r\n",
      ]
      for head in heads {
        let connection = try RawConnection(server.url)
        async let sent = connection.send(head)
        let answer = try await connection.answer()
        connection.endBoth()
        _ = await sent
        expectThingError(answer, 431, String(head.prefix(60)))
      }
      #expect(try await server.exchange("GET", "/healthz").status == 200)
    }
  }

  @Test func aHeadThatArrivesTooSlowlyIsAnsweredWith408() async throws {
    try await withServer(environment: ["FIRMAMENT_HEAD_TIMEOUT": "1"]) { server in
      let connection = try RawConnection(server.url)
      let start = ContinuousClock.now
      await connection.send("GET /healthz HTTP/1.1\r\nHost: ")
      let answer = try await connection.answer()
      expectThingError(answer, 408)
      let taken = ContinuousClock.now - start
      #expect(taken > .milliseconds(900), "\(taken)")
      #expect(try await connection.readToEnd().isEmpty)
      #expect(try await server.exchange("GET", "/healthz").status == 200)
    }
  }

  @Test func aBodyThatStopsIsAnsweredWith408OnEitherSide() async throws {
    try await withServer(environment: ["FIRMAMENT_BODY_TIMEOUT": "1"]) { server in
      let heads = [
        "POST /v2/things HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n{\"activ",
        "POST /v2/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"act",
        "POST /api/v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.token)\r\nContent-Length: 9\r\n\r\n{",
      ]
      for head in heads {
        let connection = try RawConnection(server.url)
        await connection.send(head)
        let answer = try await connection.answer()
        if head.contains("/api/v1") { expectProblem(answer, 408) } else { expectThingError(answer, 408) }
        #expect(try await connection.readToEnd().isEmpty)
      }
    }
  }

  @Test func anIdleConnectionIsClosedWithoutAWord() async throws {
    try await withServer(environment: ["FIRMAMENT_IDLE_TIMEOUT": "1"]) { server in
      let silent = try RawConnection(server.url)
      #expect(try await silent.readToEnd().isEmpty)
      let used = try RawConnection(server.url)
      await used.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try await used.answer().status == 200)
      #expect(try await used.readToEnd().isEmpty)
    }
  }

  @Test func aThousandConnectionsThatSayNothingDoNotStopOthers() async throws {
    try await withServer { server in
      let silent = try (0..<1000).map { _ in try RawConnection(server.url) }
      for connection in silent.prefix(200) { await connection.send("GET /healthz HTTP/1.1\r\n") }
      #expect(try await server.exchange("GET", "/healthz").status == 200)
      #expect(silent.count == 1000)
    }
  }
}
