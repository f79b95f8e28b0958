import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("The file of an update by DDI") struct DDIDownloadTests {
  private static let image = imageBytes(RolloutWorld.imageSize, seed: 2)

  /// Plays a device that is told of an update, with the path of its file.
  private static func play(
    _ door: Door = .router, _ body: @escaping @Sendable (DDIDevice, String, String) async throws -> Void
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      _ = try await world.begin(#""target":"controllerId==dev-1""#)
      let action = try await device.action() ?? ""
      try await body(device, try await device.file(), action)
    }
  }

  private static func expectHead(_ answer: Answer, _ length: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(answer.length == length, sourceLocation: sourceLocation)
    #expect(answer.headers[.acceptRanges] == "bytes", sourceLocation: sourceLocation)
    #expect(answer.headers[.eTag]?.hasPrefix("\"") == true, sourceLocation: sourceLocation)
    #expect(answer.headers[.lastModified] != nil, sourceLocation: sourceLocation)
    #expect(answer.headers[.xContentTypeOptions] == "nosniff", sourceLocation: sourceLocation)
    #expect(answer.headers[.contentDisposition]?.contains("lamp-main-2.bin") == true, sourceLocation: sourceLocation)
    #expect(answer.headers[.contentEncoding] == nil, sourceLocation: sourceLocation)
    #expect(answer.headers[.transferEncoding] == nil, sourceLocation: sourceLocation)
  }

  @Test(arguments: Door.allCases) func `is the same bytes, whole or in ranges, under the same head`(
    door: Door
  ) async throws {
    try await Self.play(door) { device, file, _ in
      let kinds: [HTTPFields] = [
        [:], [.acceptEncoding: "gzip, deflate, br"], [.accept: "application/octet-stream"], [.accept: "application/json"],
      ]
      for headers in kinds {
        let whole = try await device.get(file, headers)
        #expect(whole.status == 200 && whole.bytes == Self.image && whole.type == "application/octet-stream")
        Self.expectHead(whole, 100)
        let head = try await device.send(.head, file, nil, headers)
        #expect(head.status == 200 && head.bytes.isEmpty && head.headers[.eTag] == whole.headers[.eTag])
        Self.expectHead(head, 100)
      }
      for (range, start, end) in [
        ("0-0", 0, 1), ("0-3", 0, 4), ("60-", 60, 100), ("-7", 93, 100), ("90-200", 90, 100), ("-500", 0, 100),
        ("99-99", 99, 100), ("0-9,5-19", 0, 20),
      ] {
        let part = try await device.get(file, [.range: "bytes=\(range)", .acceptEncoding: "gzip"])
        #expect(part.status == 206 && part.bytes == Array(Self.image[start..<end]), "\(range)")
        #expect(part.headers[.contentRange] == "bytes \(start)-\(end - 1)/100", "\(range)")
        Self.expectHead(part, end - start)
      }
      for range in ["100-", "100-200", "-0"] {
        let none = try await device.get(file, [.range: "bytes=\(range)"])
        #expect(none.status == 416 && none.bytes.isEmpty && none.headers[.contentRange] == "bytes */100", "\(range)")
      }
      for range in ["bytes=9-5", "bytes=x", "items=0-3"] {
        let whole = try await device.get(file, [.range: range])
        #expect(whole.status == 200 && whole.bytes == Self.image, "\(range)")
      }
    }
  }

  @Test(arguments: Door.allCases) func `comes in several ranges at once, as many as a delta update asks for`(
    door: Door
  ) async throws {
    try await Self.play(door) { device, file, _ in
      let starts = (0..<10).map { $0 * 10 }
      let asked = "bytes=" + starts.map { "\($0)-\($0 + 2)" }.joined(separator: ",")
      let answer = try await device.get(file, [.range: asked])
      #expect(answer.status == 206 && answer.length == answer.bytes.count)
      let type = answer.type ?? ""
      #expect(type.hasPrefix("multipart/byteranges; boundary="))
      let boundary = type.split(separator: "boundary=").last.map(String.init) ?? ""
      var expected: [UInt8] = []
      for start in starts {
        let lead = start == 0 ? "" : "\r\n"
        expected += Array(
          "\(lead)--\(boundary)\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes \(start)-\(start + 2)/100\r\n\r\n"
            .utf8)
        expected += Self.image[start...(start + 2)]
      }
      #expect(answer.bytes == expected + Array("\r\n--\(boundary)--\r\n".utf8))
    }
  }

  @Test func `is held against conditions, with their marks or without`() async throws {
    try await Self.play { device, file, _ in
      let tag = try await device.get(file).headers[.eTag] ?? ""
      let bare = String(tag.dropFirst().dropLast())
      for match in [tag, bare, "*", "\"other\", \(tag)"] {
        #expect(try await device.get(file, [.ifMatch: match]).status == 200, "\(match)")
      }
      for match in ["\"other\"", "other", "W/\(tag)", String(bare.dropLast())] {
        #expect(try await device.get(file, [.ifMatch: match]).status == 412, "\(match)")
      }
      #expect(try await device.get(file, [.ifNoneMatch: tag]).status == 304)
      let same = try await device.get(file, [.range: "bytes=50-", .ifRange: tag])
      #expect(same.status == 206 && same.bytes == Array(Self.image[50...]))
      for stale in ["\"other\"", "Sat, 14 Jun 2025 15:06:40 GMT"] {
        let whole = try await device.get(file, [.range: "bytes=50-", .ifRange: stale])
        #expect(whole.status == 200 && whole.bytes == Self.image, "\(stale)")
      }
    }
  }

  @Test func `has its MD5 beside it`() async throws {
    try await Self.play { device, file, action in
      let chunks = DocumentedJourney.entries(try await device.deployment(action)["deployment"] ?? .null, "chunks")
      let md5 = DocumentedJourney.entries(chunks.first ?? .null, "artifacts").first?["hashes"]?["md5"]?.text ?? ""
      #expect(md5.utf8.count == 32)
      let answer = try await device.get("\(file).MD5SUM")
      #expect(answer.status == 200 && answer.text == "\(md5)  lamp-main-2.bin" && answer.length == answer.bytes.count)
      #expect(answer.type?.hasPrefix("text/plain") == true)
      #expect(answer.headers[.contentDisposition] == "attachment;filename=lamp-main-2.bin.MD5SUM")
      #expect(try await device.get("\(file)x.MD5SUM").status == 404)
    }
  }

  @Test(arguments: Door.allCases) func `is there for a device with an open action alone`(door: Door) async throws {
    try await Self.play(door) { device, file, action in
      let other = try await device.world.device("dev-2")
      for path in [file, "\(file).MD5SUM", file.components(separatedBy: "/lamp-").first ?? ""] {
        let none = try await other.get(path)
        #expect(none.status == 404 && none.bytes.isEmpty && none.length == 0, "\(path)")
      }
      #expect(try await device.get(try await device.file("3")).status == 404)
      for path in ["\(file)x", file.replacing("lamp-main", with: "x"), "/softwaremodules/9/artifacts/lamp-main-2.bin"] {
        #expect(try await device.get(path).status == 404, "\(path)")
      }
      #expect(try await device.get("/softwaremodules/x/artifacts/lamp-main-2.bin").status == 400)
      #expect(try await device.state() == "offered")
      #expect(try await device.get(file, [.range: "bytes=0-9"]).status == 206)
      #expect(try await device.state() == "downloading")
      #expect(try await device.get(file).status == 200)
      #expect(try await device.state() == "downloaded")
      // While it is not closed, it may fetch it again.
      #expect(try await device.get(file).status == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.get(file).status == 404)
      #expect(try await device.send(.head, file).status == 404)
    }
  }
}
