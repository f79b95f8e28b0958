import Domain
import FirmwareService
import Foundation
import HummingbirdTesting
import TestSupport
import Testing

@testable import HTTPAPI

/// Writes that the connection answers by itself get, byte for byte, what the router would have given them.
@Suite(.timeLimit(.minutes(10))) struct DirectAnswerTests {
  /// Requests with TOKEN in place of the thing's token. Each ends its connection, or the last of several does.
  private static let requests: [(name: String, text: String)] = [
    ("a value", write(#"{"values":[{"key":"a","value":21.5}]}"#)),
    (
      "several", write(#"{"values":[{"key":"a","value":1},{"key":"b","value":{"c":[null,true,"x"]}},{"key":"a","value":"ü"}]}"#)
    ),
    ("with times", write(#"{"values":[{"key":"a","value":1,"datetime":"20240229123000"},{"key":"a","value":2}]}"#)),
    ("with a place", write(#"{"values":[{"key":"a","value":1,"geo":{"lat":41.4,"long":2.2}}]}"#)),
    ("magic", write(##"{"values":[{"key":"$settings.led","value":"on"},{"key":"$geo","value":[2.2,41.4]}]}"##)),
    ("a report", write(##"{"values":[{"key":"$firmware","value":{"mcu":"main","status":"DOWNLOADED","version":"9"}}]}"##)),
    ("blanks before", write(" \r\n\t{\"values\":[{\"key\":\"a\",\"value\":1}]}")),
    ("a byte order mark", write("\u{FEFF}{\"values\":[{\"key\":\"a\",\"value\":1}]}")),
    ("a value of nothing", write(#"{"values":[{"key":"a","value":null}]}"#)),
    ("no values", write(#"{"values":[]}"#)),
    ("no value", write(#"{"values":[{"key":"a"}]}"#)),
    ("a bad key", write(#"{"values":[{"key":"a","value":1},{"key":"a/b","value":1}]}"#)),
    ("a bad time", write(#"{"values":[{"key":"a","value":1,"datetime":"yesterday"}]}"#)),
    ("an unknown magic key", write(##"{"values":[{"key":"$x","value":1}]}"##)),
    ("no JSON", write("{values")), ("an array", write("[1]")), ("nothing", write("")), ("too deep", write(deep)),
    ("a NUL", write("{\"values\":[{\"key\":\"a\",\"value\":\"\u{0}\"}]}")),
    ("a form", write("values[0][key]=a&values[0][value]=1", ["Content-Type: application/x-www-form-urlencoded"])),
    ("MessagePack", write("\u{81}", ["Content-Type: application/msgpack"])),
    ("JSON that says form", write(body, ["Content-Type: application/x-www-form-urlencoded"])),
    ("long", write(#"{"values":[{"key":"a","value":"\#(String(repeating: "x", count: 5000))"}]}"#)),
    ("of another origin", write(body, ["Origin: https://example.com"])),
    ("after leave", write(body, ["Expect: 100-continue"])),
    ("unknown token", write(body, path: "/v2/things/" + String(repeating: "t", count: 43))),
    ("short token", write(body, path: "/v2/things/short")), ("a slash", write(body, path: "/v2/things/TOKEN/")),
    ("two slashes", write(body, path: "/v2//things/TOKEN")), ("an empty query", write(body, path: "/v2/things/TOKEN?")),
    ("a query", write(body, path: "/v2/things/TOKEN?broadcast=true")),
    ("another method", write(body).replacingOccurrences(of: "POST", with: "PATCH")),
    ("chunked", chunked("7\r\n{\"value\r\n1e\r\ns\":[{\"key\":\"a\",\"value\":1}]}   \r\n0\r\n\r\n")),
    ("broken chunks", chunked("zz\r\n{}\r\n0\r\n\r\n")),
    ("HTTP/1.0", write(body).replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0")),
    ("two", write(body, ending: false) + write(#"{"values":[{"key":"b","value":2}]}"#)),
    ("two, one of them bad", write("{}", ending: false) + write(body)),
    ("a write and its read", write(body, ending: false) + get("/v2/things/TOKEN/resources/a")),
    ("a read and a write", get("/v2/things/TOKEN/resources/a", ending: false) + write(body)),
    (
      "reads around a bad write",
      get("/v2/things/TOKEN/resources/a", ending: false) + write(#"{"values":[{"key":"a/b","value":1}]}"#, ending: false)
        + get("/v2/things/TOKEN/resources/a")
    ),
    (
      "reads around an unknown token",
      get("/v2/things/TOKEN/resources/a", ending: false)
        + write(body, path: "/v2/things/" + String(repeating: "t", count: 43), ending: false)
        + get("/v2/things/TOKEN/resources/a")
    ),
    ("reads around a write", reads + write(body, ending: false) + get("/v2/things/TOKEN/resources/a")),
    ("a write and no HTTP", write(body, ending: false) + "NONSENSE\r\n\r\n"),
  ]

  private static let image = "/v2/things/TOKEN/firmwares/download/FIRMWARE"
  private static let polls: [(name: String, text: String)] = [
    ("a poll", get("/v2/things/TOKEN/firmwares/latest")),
    ("a poll that says what runs", get("/v2/things/TOKEN/firmwares/latest?mcu=main&version=1.0.0")),
    ("a poll with a boot", get("/v2/things/TOKEN/firmwares/latest?version=1.0.0&boot=7")),
    ("a poll of an unknown version", get("/v2/things/TOKEN/firmwares/latest?version=0.0.9")),
    ("a poll of no MCU", get("/v2/things/TOKEN/firmwares/latest?mcu=none&version=1.0.0")),
    ("a poll that says too much", get("/v2/things/TOKEN/firmwares/latest?version=1.0.0&x=1&version=2")),
    ("a poll with an escape", get("/v2/things/TOKEN/firmwares/latest?version=1%2E0.0")),
    ("a poll with a plus", get("/v2/things/TOKEN/firmwares/latest?version=1.0.0+3")),
    ("a poll with an empty query", get("/v2/things/TOKEN/firmwares/latest?")),
    ("a poll with a slash", get("/v2/things/TOKEN/firmwares/latest/")),
    ("a poll of another origin", get("/v2/things/TOKEN/firmwares/latest", ["Origin: https://example.com"])),
    ("a poll with a tag", get("/v2/things/TOKEN/firmwares/latest", ["If-None-Match: \"x\", *"])),
    ("a poll with any tag", get("/v2/things/TOKEN/firmwares/latest", ["If-None-Match: *"])),
    ("a poll by HEAD", get("/v2/things/TOKEN/firmwares/latest").replacingOccurrences(of: "GET", with: "HEAD")),
    ("a poll by HTTP/1.0", get("/v2/things/TOKEN/firmwares/latest").replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0")),
    ("a poll of nobody", get("/v2/things/\(String(repeating: "t", count: 43))/firmwares/latest")),
    ("a download", get(image)), ("a range", get(image, ["Range: bytes=1-2"])), ("a suffix", get(image, ["Range: bytes=-1"])),
    ("several ranges", get(image, ["Range: bytes=0-0,2-2"])), ("no range", get(image, ["Range: bytes=3-"])),
    ("a range of another unit", get(image, ["Range: lines=0-1"])),
    ("a range of what it was", get(image, ["Range: bytes=0-1", "If-Range: \"other\""])),
    ("a download of what is there", get(image, ["If-None-Match: *"])),
    ("a download of what is not", get(image, ["If-Match: \"other\""])),
    ("a download since then", get(image, ["If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"])),
    ("a download with a query", get(image + "?x=1")), ("a download with a slash", get(image + "/")),
    ("a download of nothing", get("/v2/things/TOKEN/firmwares/download/none")),
    ("a download with an escape", get("/v2/things/TOKEN/firmwares/download/%6Eone")),
    ("a download by HEAD", get(image).replacingOccurrences(of: "GET", with: "HEAD")),
    ("a download by nobody", get("/v2/things/\(String(repeating: "t", count: 43))/firmwares/download/FIRMWARE")),
    ("downloads in a row", get(image, ending: false) + get(image, ["Range: bytes=1-"], ending: false) + get(image)),
    (
      "polls around a write and a read",
      get("/v2/things/TOKEN/firmwares/latest", ending: false) + write(body, ending: false)
        + get("/v2/things/TOKEN/resources/a", ending: false) + get("/v2/things/TOKEN/firmwares/latest")
    ),
  ]

  private static let reads =
    get("/v2/things/TOKEN/resources/a", ending: false) + get("/v2/things/TOKEN/resources", ending: false)
  private static let body = #"{"values":[{"key":"a","value":1}]}"#
  private static let deep =
    #"{"values":[{"key":"a","value":\#(String(repeating: "[", count: 40) + String(repeating: "]", count: 40))}]}"#

  private static func write(
    _ body: String, _ headers: [String] = [], path: String = "/v2/things/TOKEN", ending: Bool = true
  ) -> String {
    let lines = ["POST \(path) HTTP/1.1", "Host: a", "Content-Length: \(body.utf8.count)"] + headers
    return (lines + (ending ? ["Connection: close", "", body] : ["", body])).joined(separator: "\r\n")
  }

  private static func chunked(_ body: String) -> String {
    "POST /v2/things/TOKEN HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\(body)"
  }

  private static func get(_ path: String, _ headers: [String] = [], ending: Bool = true) -> String {
    let lines = ["GET \(path) HTTP/1.1", "Host: a"] + headers + (ending ? ["Connection: close"] : []) + ["", ""]
    return lines.joined(separator: "\r\n")
  }

  /// What each request is answered, without dates, and what the thing's resources are after it.
  /// - Parameter isKnown: whether the thing is in memory, where the connection looks for it.
  private func outcomes(by path: AnswerPath, isKnown: Bool = true, cutAt places: [Int] = [], of requests: [String]) async throws
    -> [String]
  {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    if isKnown { _ = try await test.service.identifyThing(token) }
    return try await test.application(path).test(.live) { client in
      var outcomes: [String] = []
      for request in requests {
        let bytes = Array(request.replacingOccurrences(of: "TOKEN", with: token).utf8)
        for place in places.isEmpty ? [bytes.count] : places where place <= bytes.count {
          let connection = try WireClient(port: client.port)
          connection.send(Array(bytes[..<place]))
          if place < bytes.count { connection.send(Array(bytes[place...])) }
          let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
          let lines = answer.components(separatedBy: "\r\n").filter { !$0.hasPrefix("Date: ") }
          outcomes.append(lines.joined(separator: "\n").replacingOccurrences(of: token, with: "TOKEN"))
        }
        var range = ValueRange()
        range.limit = 100
        let thing = try await test.service.identifyThing(token)
        let all = try await test.service.readAllResources(of: thing, in: range)
        outcomes.append("\(all)")
      }
      return outcomes
    }
  }

  @Test func bothWaysAnswerTheSame() async throws {
    let requests = Self.requests.map(\.text)
    let direct = try await outcomes(by: .both, of: requests)
    let routed = try await outcomes(by: .routerOnly, of: requests)
    for (index, request) in Self.requests.enumerated() {
      #expect(direct[2 * index] == routed[2 * index], "\(request.name)")
      #expect(direct[2 * index + 1] == routed[2 * index + 1], "\(request.name): what is stored")
      #expect(direct[2 * index].hasPrefix("HTTP/1.1 "), "\(request.name)")
    }
  }

  /// Both ways on one store, since an answer names a firmware and has a tag: twice, with another poll's outcome before.
  @Test func pollsAreAnsweredTheSame() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    _ = try await test.release("1.0.0", [1, 2, 3])
    let firmware = try await test.release("1.1.0", [4, 5, 6], sequence: 2).publicID
    let first = try await Self.answers(by: .routerOnly, test, token, firmware)
    let direct = try await Self.answers(by: .both, test, token, firmware)
    #expect(first.count == Self.polls.count && first == direct)
    #expect(direct == (try await Self.answers(by: .routerOnly, test, token, firmware)))
    let names = ["a poll", "a poll with any tag", "a poll by HTTP/1.0", "a download", "a range", "downloads in a row"]
    let alone = try await Self.answers(by: .connectionOnly, test, token, firmware)
    for (index, poll) in Self.polls.enumerated() where names.contains(poll.name) {
      #expect(alone[index] == direct[index] && alone[index].hasPrefix("HTTP/1.1 "), "\(poll.name): \(alone[index])")
    }
    #expect(direct[0].contains("1.1.0") && direct[0].contains("\"update\":true"))
  }

  private static func answers(by path: AnswerPath, _ test: TestService, _ token: String, _ firmware: String) async throws
    -> [String]
  {
    try await test.application(path).test(.live) { client in
      var answers: [String] = []
      for poll in polls {
        let connection = try WireClient(port: client.port)
        connection.send(poll.text.replacing("TOKEN", with: token).replacing("FIRMWARE", with: firmware))
        let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
        // Of several ranges, each answer has a boundary of its own.
        let boundary = answer.components(separatedBy: "boundary=").dropFirst().first?.prefix { $0 != "\r" } ?? "?"
        answers.append(
          answer.replacing(boundary, with: "B").components(separatedBy: "\r\n").filter { !$0.hasPrefix("Date: ") }.joined(
            separator: "\n"))
      }
      return answers
    }
  }

  /// Who asks and does not take the answers is not listened to; who takes them late gets all.
  @Test func answersThatNobodyTakesDoNotPileUp() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let image = imageBytes(1 << 20)
    let firmware = try await test.release("1.0.0", image).publicID
    let path = Self.image.replacing("TOKEN", with: token).replacing("FIRMWARE", with: firmware)
    try await test.application(.both).test(.live) { client in
      let warm = try WireClient(port: client.port)
      warm.send(Self.get(path))
      _ = try await warm.readToEnd()
      let flooding = try WireClient(port: client.port, receiveBuffer: 4096)
      #expect(flooding.flood(Self.get(path, ending: false), upTo: 64 << 20) < 64 << 20)
      flooding.reset()
      let late = try WireClient(port: client.port, receiveBuffer: 4096)
      late.send(String(repeating: Self.get(path, ending: false), count: 20) + Self.get(path))
      var rest = try await late.readToEnd()[...]
      for _ in 0..<21 {
        let end = try #require(rest.place(of: Array("\r\n\r\n".utf8))).upperBound
        try #require(rest.count >= end - rest.startIndex + image.count)
        #expect(Array(rest[end..<(end + image.count)]) == image)
        rest = rest[(end + image.count)...]
      }
      #expect(rest.isEmpty)
    }
  }

  @Test func aThingThatIsNotInMemoryIsAnsweredByTheRouter() async throws {
    let requests = [try #require(Self.requests.first { $0.name == "reads around a write" }).text]
    let unknown = try await outcomes(by: .both, isKnown: false, of: requests)
    #expect(unknown == (try await outcomes(by: .routerOnly, of: requests)))
    #expect(unknown[0].components(separatedBy: "HTTP/1.1 ").count == 5)
  }

  @Test func theConnectionAnswersWithoutTheRouter() async throws {
    let names = ["a value", "several", "with times", "with a place", "magic", "HTTP/1.0", "two", "chunked"]
    let requests = Self.requests.filter { names.contains($0.name) }
    let answers = try await outcomes(by: .connectionOnly, of: requests.map(\.text))
    for (index, request) in requests.enumerated() {
      #expect(answers[2 * index].hasPrefix("HTTP/1.1 201 Created\n"), "\(request.name): \(answers[2 * index])")
    }
  }

  @Test func cutAnywhereItIsTheSameWrite() async throws {
    let text = try #require(Self.requests.first { $0.name == "two" }).text
    let longest = text.utf8.count + ThingToken.length * 2
    let answers = try await outcomes(by: .both, cutAt: Array(1...longest), of: [text])
    #expect(answers.count > 250)
    #expect(Set(answers.dropLast()).count == 1)
    #expect(answers[0].components(separatedBy: "201 Created").count == 3)
  }
}
