import Testing

@testable import HTTPAPI

@Suite("A multipart/byteranges body")
struct MultipartByteRangesTests {
  @Test("is framed as RFC 9110 14.6 shows, and as long as it said beforehand")
  func isFramed() {
    let image = Array("0123456789abcdef".utf8)
    let parts = MultipartByteRanges(ranges: [0..<4, 10..<16], size: 16, partType: "application/octet-stream", boundary: "B")
    var body: [UInt8] = []
    for piece in parts.pieces {
      switch piece {
      case .text(let text): body += text.utf8
      case .bytes(let range): body += image[Int(range.lowerBound)..<Int(range.upperBound)]
      }
    }
    let type = "Content-Type: application/octet-stream\r\n"
    let first = "--B\r\n\(type)Content-Range: bytes 0-3/16\r\n\r\n0123"
    let second = "\r\n--B\r\n\(type)Content-Range: bytes 10-15/16\r\n\r\nabcdef"
    #expect(String(decoding: body, as: UTF8.self) == first + second + "\r\n--B--\r\n")
    #expect(parts.contentLength == Int64(body.count))
    #expect(parts.contentType == "multipart/byteranges; boundary=B")
  }

  @Test("has a boundary of its own")
  func boundary() {
    let boundaries = Set((0..<100).map { _ in MultipartByteRanges.randomBoundary() })
    #expect(boundaries.count == 100)
    #expect(boundaries.allSatisfy { $0.utf8.count == 32 })
  }
}
