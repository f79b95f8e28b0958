import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Testing

@testable import HTTPAPI

/// Silent corruption here bricks devices, so every header counts.
@Suite("Downloading an image") struct RouterDownloadTests {
  private static let bytes = imageBytes(1000)

  /// A store with one firmware, and what a client needs to fetch it.
  private struct Shelf: Sendable {
    let test: TestService
    let firmware: Firmware
    let path: String
    var tag: String { "\"sha256:\(firmware.digest.hex)\"" }

    init(_ bytes: [UInt8] = RouterDownloadTests.bytes) async throws {
      test = try await TestService()
      try await test.createModel("i.MX lamp")
      firmware = try await test.release("1.0 rc/1", bytes, model: "i.MX lamp")
      path = "/v2/things/\(try await test.activate("i.MX lamp"))/firmwares/download/\(firmware.publicID)"
    }
  }

  /// What every answer about the image says.
  private func expectImageHeaders(_ answer: Answer, _ shelf: Shelf, _ what: String) {
    #expect(answer.headers[.eTag] == shelf.tag, "\(what)")
    #expect(answer.headers[.acceptRanges] == "bytes", "\(what)")
    #expect(answer.headers[.lastModified] == "Sun, 15 Jun 2025 15:06:40 GMT", "\(what)")
    let digest = Data(shelf.firmware.digest.bytes).base64EncodedString()
    #expect(answer.headers[.reprDigest] == "sha-256=:\(digest):", "\(what)")
    #expect(answer.headers[.contentDisposition] == "attachment; filename=\"i.MX-lamp-main-1.0-rc-1.bin\"", "\(what)")
    #expect(answer.headers[.cacheControl] == "no-transform", "\(what)")
    #expect(answer.headers[.contentEncoding] == nil && answer.headers[.transferEncoding] == nil, "\(what)")
  }

  private func expectWhole(_ answer: Answer, _ shelf: Shelf, _ what: String) {
    #expect(answer.status == 200, "\(what)")
    #expect(answer.bytes == Self.bytes, "\(what)")
    #expect(answer.length == 1000 && answer.type == "application/octet-stream", "\(what)")
    #expect(answer.headers[.contentRange] == nil, "\(what)")
    expectImageHeaders(answer, shelf, what)
  }

  @Test(arguments: Door.allCases) func `gives the exact bytes, whatever a client would accept`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      for headers: HTTPFields in [
        [:], [.accept: "application/json"], [.accept: "text/html;q=0.1"], [.acceptEncoding: "gzip, deflate, br, zstd"],
        [.acceptEncoding: "identity;q=0, *;q=0"], [.contentType: "application/json"],
      ] {
        expectWhole(try await front.get(shelf.path, headers), shelf, "\(headers)")
      }
      expectWhole(try await front.get(shelf.path + "/"), shelf, "a slash at the end")
      expectWhole(try await front.get(shelf.path + "?"), shelf, "an empty query")
    }
  }

  @Test(arguments: Door.allCases) func `answers HEAD with the head of GET and nothing else`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      let head = try await front.send(.head, shelf.path)
      #expect(head.status == 200 && head.bytes.isEmpty && head.length == 1000)
      expectImageHeaders(head, shelf, "HEAD")
      // Range is defined for GET alone.
      for range in ["bytes=0-99", "bytes=5000-"] {
        let ranged = try await front.send(.head, shelf.path, [.range: range])
        #expect(ranged.status == 200 && ranged.bytes.isEmpty && ranged.length == 1000, "\(range)")
        #expect(ranged.headers[.contentRange] == nil, "\(range)")
      }
      let missing = try await front.send(.head, shelf.path + "x")
      #expect(missing.status == 404 && missing.bytes.isEmpty)
      // The connection is still in step.
      expectWhole(try await front.get(shelf.path), shelf, "GET after HEAD")
    }
    #expect(try await shelf.test.service.showStatus(model: nil)[0].counts[.downloaded] == 1)
  }

  @Test func `a HEAD is no download`() async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(.router) { front in _ = try await front.send(.head, shelf.path) }
    #expect(try await shelf.test.service.showStatus(model: nil)[0].counts.isEmpty)
  }

  @Test(
    arguments: Door.allCases,
    [
      ("bytes=0-99", 0, 100), ("bytes=0-0", 0, 1), ("bytes=999-999", 999, 1000), ("bytes=100-", 100, 1000),
      ("bytes=0-", 0, 1000), ("bytes=-1", 999, 1000), ("bytes=-100", 900, 1000), ("bytes=-1000", 0, 1000),
      ("bytes=-5000", 0, 1000), ("bytes=900-5000", 900, 1000), ("bytes=500-99999999999999999999", 500, 1000),
      ("BYTES=1-2", 1, 3), ("bytes= 1-2 ", 1, 3), ("bytes=0-9,5-14", 0, 15), ("bytes=0-9,10-19", 0, 20),
      ("bytes=5-6,2000-3000", 5, 7),
    ])
  func `gives one range as exactly that`(door: Door, range: (header: String, start: Int, end: Int)) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      let answer = try await front.get(shelf.path, [.range: range.header])
      #expect(answer.status == 206 && answer.reason == "Partial Content")
      #expect(answer.bytes == Array(Self.bytes[range.start..<range.end]))
      #expect(answer.length == range.end - range.start && answer.type == "application/octet-stream")
      #expect(answer.headers[.contentRange] == "bytes \(range.start)-\(range.end - 1)/1000")
      expectImageHeaders(answer, shelf, range.header)
    }
  }

  @Test(arguments: Door.allCases) func `refuses a range outside the image, and names its size`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      for range in [
        "bytes=1000-", "bytes=1000-1000", "bytes=5000-6000", "bytes=-0", "bytes=99999999999999999999-", "bytes=1000-,-0",
      ] {
        let answer = try await front.get(shelf.path, [.range: range])
        #expect(answer.status == 416 && answer.reason == "Range Not Satisfiable", "\(range)")
        #expect(answer.headers[.contentRange] == "bytes */1000", "\(range)")
        #expect(answer.bytes.isEmpty && answer.length == 0, "\(range)")
        expectImageHeaders(answer, shelf, range)
      }
    }
  }

  @Test(arguments: Door.allCases) func `ignores a range of another unit or of no form`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      for range in [
        "items=0-9", "bytes", "bytes=", "bytes=a-b", "bytes=5-4", "bytes=-", "bytes 0-9", "bytes=0-9;", "bytes=1.0-2", "=0-9",
        "bytes=0--9", "bytes=" + (0..<17).map { "\($0 * 10)-\($0 * 10 + 1)" }.joined(separator: ","),
      ] {
        expectWhole(try await front.get(shelf.path, [.range: range]), shelf, range)
      }
      var twice = HTTPFields()
      twice.append(HTTPField(name: .range, value: "bytes=0-1"))
      twice.append(HTTPField(name: .range, value: "bytes=5-6"))
      expectWhole(try await front.get(shelf.path, twice), shelf, "two lines")
    }
  }

  @Test(arguments: Door.allCases) func `gives several ranges as parts in the order asked for`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      for (header, ranges) in [
        ("bytes=0-9,900-", [(0, 10), (900, 1000)]), ("bytes=-5, 100-104 ,0-0", [(995, 1000), (100, 105), (0, 1)]),
        ("bytes=0-4,3-9,500-501,9999-", [(0, 10), (500, 502)]),
        (
          "bytes=" + (0..<16).map { "\($0 * 10)-\($0 * 10 + 1)" }.joined(separator: ","),
          (0..<16).map { ($0 * 10, $0 * 10 + 2) }
        ),
      ] {
        let answer = try await front.get(shelf.path, [.range: header])
        #expect(answer.status == 206, "\(header)")
        let type = try #require(answer.type)
        #expect(type.hasPrefix("multipart/byteranges; boundary="))
        let boundary = Array(type.dropFirst("multipart/byteranges; boundary=".count).utf8)
        var expected: [UInt8] = []
        for (place, (start, end)) in ranges.enumerated() {
          expected += Array((place == 0 ? "--" : "\r\n--").utf8) + boundary
          expected += Array(
            "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes \(start)-\(end - 1)/1000\r\n\r\n".utf8)
          expected += Self.bytes[start..<end]
        }
        expected += Array("\r\n--".utf8) + boundary + Array("--\r\n".utf8)
        #expect(answer.bytes == expected, "\(header)")
        #expect(answer.length == expected.count && answer.headers[.contentRange] == nil)
        expectImageHeaders(answer, shelf, header)
      }
    }
  }

  @Test(arguments: Door.allCases) func `obeys If-Range: the range of what there is, else the whole`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      for good in [shelf.tag, "Sun, 15 Jun 2025 15:06:40 GMT", "Sunday, 15-Jun-25 15:06:40 GMT", "Sun Jun 15 15:06:40 2025"] {
        let answer = try await front.get(shelf.path, [.range: "bytes=10-19", .ifRange: good])
        #expect(answer.status == 206 && answer.bytes == Array(Self.bytes[10..<20]), "\(good)")
      }
      for stale in [
        "\"sha256:0\"", "W/\(shelf.tag)", "Sun, 15 Jun 2025 15:06:39 GMT", "Sun, 15 Jun 2025 15:06:41 GMT", "*", "nonsense",
        shelf.tag + ", \"x\"",
      ] {
        let answer = try await front.get(shelf.path, [.range: "bytes=10-19", .ifRange: stale])
        expectWhole(answer, shelf, stale)
        expectWhole(try await front.get(shelf.path, [.range: "bytes=5000-", .ifRange: stale]), shelf, stale)
      }
      #expect(try await front.get(shelf.path, [.range: "bytes=1000-", .ifRange: shelf.tag]).status == 416)
    }
  }

  @Test(arguments: Door.allCases) func `obeys If-None-Match, If-Modified-Since and If-Match`(door: Door) async throws {
    let shelf = try await Shelf()
    try await shelf.test.open(door) { front in
      for headers: HTTPFields in [
        [.ifNoneMatch: shelf.tag], [.ifNoneMatch: "W/\(shelf.tag)"], [.ifNoneMatch: "*"], [.ifNoneMatch: "\"x\", \(shelf.tag)"],
        [.ifModifiedSince: "Sun, 15 Jun 2025 15:06:40 GMT"], [.ifModifiedSince: "Mon, 16 Jun 2025 00:00:00 GMT"],
        [.ifNoneMatch: shelf.tag, .range: "bytes=0-9"], [.ifNoneMatch: shelf.tag, .ifMatch: shelf.tag],
        [.ifNoneMatch: shelf.tag, .ifModifiedSince: "Sat, 14 Jun 2025 00:00:00 GMT"],
      ] {
        for method in [HTTPRequest.Method.get, .head] {
          let answer = try await front.send(method, shelf.path, headers)
          #expect(answer.status == 304 && answer.bytes.isEmpty, "\(headers)")
          #expect(answer.headers[.eTag] == shelf.tag, "\(headers)")
        }
      }
      for headers: HTTPFields in [
        [.ifMatch: "\"x\""], [.ifMatch: "W/\(shelf.tag)"], [.ifMatch: "nonsense"],
        [.ifUnmodifiedSince: "Sat, 14 Jun 2025 00:00:00 GMT"], [.ifMatch: "\"x\"", .ifNoneMatch: shelf.tag],
        [.ifMatch: "\"x\"", .range: "bytes=0-9"],
      ] {
        let answer = try await front.get(shelf.path, headers)
        #expect(answer.status == 412 && answer.bytes.isEmpty && answer.length == 0, "\(headers)")
      }
      for headers: HTTPFields in [
        [.ifMatch: shelf.tag], [.ifMatch: "*"], [.ifNoneMatch: "\"x\""], [.ifModifiedSince: "Sat, 14 Jun 2025 00:00:00 GMT"],
        [.ifModifiedSince: "yesterday"], [.ifUnmodifiedSince: "Sun, 15 Jun 2025 15:06:40 GMT"],
        [.ifNoneMatch: "\"x\"", .ifModifiedSince: "Mon, 16 Jun 2025 00:00:00 GMT"],
      ] {
        expectWhole(try await front.get(shelf.path, headers), shelf, "\(headers)")
      }
      let range = try await front.get(shelf.path, [.ifMatch: shelf.tag, .range: "bytes=0-9"])
      #expect(range.status == 206 && range.bytes == Array(Self.bytes[..<10]))
    }
  }

  @Test(arguments: Door.allCases) func `reads an image that is too large for memory from the disk, the same bytes`(door: Door)
    async throws
  {
    let bytes = imageBytes(17 << 20)
    let shelf = try await Shelf(bytes)
    try await shelf.test.open(door) { front in
      let whole = try await front.get(shelf.path)
      #expect(whole.status == 200 && whole.length == bytes.count && whole.bytes == bytes)
      let piece = (256 * 1024 - 1)..<(512 * 1024 + 1)
      let range = try await front.get(shelf.path, [.range: "bytes=\(piece.lowerBound)-\(piece.upperBound - 1)"])
      #expect(range.status == 206 && range.length == piece.count && range.bytes == Array(bytes[piece]))
    }
  }

  @Test func `is of what the thing may have only: another model's, withdrawn and failed are not there`() async throws {
    let shelf = try await Shelf()
    let (test, token) = (shelf.test, shelf.path.split(separator: "/")[2])
    try await test.createModel("other")
    let foreign = try await test.release("1", imageBytes(10), model: "other")
    let hidden = try await test.release("2", imageBytes(20), model: "i.MX lamp", sequence: 2, publish: false)
    try await test.open(.router) { front in
      for kind in ["download", "manifest"] {
        for id in [foreign.publicID, hidden.publicID, "nothing", "%00", "..%2F", String(repeating: "x", count: 5000)] {
          try await front.get("/v2/things/\(token)/firmwares/\(kind)/\(id)").expectThingError(404, "firmware not found")
        }
      }
      let manifest = try await front.get("/v2/things/\(token)/firmwares/manifest/\(shelf.firmware.publicID)")
      #expect(manifest.status == 200 && manifest.type == "application/json" && manifest.length == manifest.bytes.count)
      #expect(try await manifest.bytes == test.service.manifest(of: shelf.firmware))
      _ = try await front.post(
        "/v2/things/\(token)",
        #"{"values":[{"key":"$firmware","value":{"version":"1.0 rc/1","status":"failed"}}]}"#)
      for kind in ["download", "manifest"] {
        try await front.get("/v2/things/\(token)/firmwares/\(kind)/\(shelf.firmware.publicID)")
          .expectThingError(403, "this firmware failed on this thing and waits for an operator's retry")
      }
    }
  }

  @Test(arguments: Door.allCases) func `counts what was sent, over ranges in any order`(door: Door) async throws {
    let shelf = try await Shelf()
    @Sendable func states() async throws -> [InstallationState: Int] {
      try await shelf.test.service.showStatus(model: nil)[0].counts
    }
    try await shelf.test.open(door) { front in
      _ = try await front.get(shelf.path, [.range: "bytes=500-"])
      #expect(try await states() == [.downloading: 1])
      _ = try await front.get(shelf.path, [.range: "bytes=0-199,300-400"])
      #expect(try await states() == [.downloading: 1])
      _ = try await front.get(shelf.path, [.range: "bytes=200-299,401-499"])
      // The count follows the last byte by a moment: an answer on the same connection comes after it.
      _ = try await front.get("/healthz")
      #expect(try await states() == [.downloaded: 1])
    }
  }
}
