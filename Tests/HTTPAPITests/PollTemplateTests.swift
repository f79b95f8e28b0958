import Cryptography
import Domain
import FirmwareService
import Testing

@testable import HTTPAPI

@Suite("The template of a poll's answer") struct PollTemplateTests {
  private static let secret = String(repeating: "s", count: ThingToken.length)

  private static func body(_ template: PollTemplate, _ secret: String, _ retryAfter: Int64) -> String {
    var body: [UInt8] = []
    Array(secret.utf8).withUnsafeBytes { template.write(token: $0, retryAfter: retryAfter) { body += $0 } }
    return String(decoding: body, as: UTF8.self)
  }

  @Test(arguments: [0, 1, 9, 10, 300, 86_400, .max, -1, .min] as [Int64])
  func `knows its length, and ends with the time to ask again`(retryAfter: Int64) {
    let template = PollTemplate([], publicPath: "")
    let body = Self.body(template, Self.secret, retryAfter)
    #expect(body == #"{"status":"success","firmwares":[],"retryAfter":\#(retryAfter)}"#)
    #expect(template.length(retryAfter: retryAfter) == body.utf8.count)
  }

  @Test func `has a tag of the offers and the time, whoever asks`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("1.0.0", [1, 2, 3])
    var offers: [SharedOffers] = []
    for _ in 0..<2 {
      let thing = try await test.service.identifyThing(try await test.activate())
      offers.append(try await test.service.offerFirmware(to: thing, running: nil).shared)
    }
    #expect(offers[0] === offers[1])
    let answer = PollAnswer(publicPath: "/ota")
    let template = answer.template(for: offers[0])
    #expect(template === answer.template(for: offers[1]))
    let body = Self.body(template, Self.secret, 300)
    #expect(template.length(retryAfter: 300) == body.utf8.count)
    #expect(body.contains(#""url":"/ota/v2/things/\#(Self.secret)/firmwares/download/\#(firmware.publicID)","update":true}"#))
    let plain = Hexadecimal.encode(SHA256Hasher.digest(of: Self.body(template, "", 0)).prefix(12))
    #expect(template.tag(retryAfter: 300) == "\"\(plain)-12c\"")
    #expect(template.tag(retryAfter: 0) == "\"\(plain)-0\"")
    #expect(PollTemplate([], publicPath: "/ota").tag(retryAfter: 300) != template.tag(retryAfter: 300))
  }
}
