import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// Users and things behind one door. Nobody owns anything at first.
struct Household: Sendable {
  struct Device: Sendable {
    let id: String
    let token: String
  }

  let test: TestService
  let front: FrontDoor
  /// Session tokens.
  let ada: String
  let bob: String
  let eve: String

  static func open(
    _ door: Door = .router, service change: (inout ServiceSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (Household) async throws -> Void
  ) async throws {
    let test = try await TestService(service: change)
    try await test.createModel()
    let sessions = [
      try await test.user("ada@example.com"), try await test.user("bob@example.com"), try await test.user("eve@example.com"),
    ]
    try await test.open(door) { front in
      try await body(Household(test: test, front: front, ada: sessions[0], bob: sessions[1], eve: sessions[2]))
    }
  }

  func newDevice() async throws -> Device {
    let token = try await test.activate()
    return Device(id: try await test.newestThing(), token: token)
  }

  /// A new device that a user has linked.
  func newDevice(of session: String) async throws -> Device {
    let device = try await newDevice()
    let answer = try await link(device, as: session)
    #expect(answer.status == 200, "\(answer.text)")
    return device
  }

  func link(_ device: Device, as session: String) async throws -> Answer {
    try await front.ask(.post, "/v2/me/things", as: session, #"{"thingToken":"\#(device.token)"}"#)
  }

  func linkByID(_ device: Device, as session: String) async throws -> Answer {
    try await front.ask(.post, "/v2/me/things", as: session, #"{"thingId":"\#(device.id)"}"#)
  }

  func unlink(_ device: Device, as session: String) async throws -> Answer {
    try await front.ask(.delete, "/v2/me/things/\(device.id)", as: session)
  }

  /// Lets a device write one value.
  func write(_ device: Device, _ key: String, _ value: String, at datetime: String? = nil) async throws {
    let time = datetime.map { #","datetime":"\#($0)""# } ?? ""
    let answer = try await front.post(
      "/v2/things/\(device.token)", #"{"values":[{"key":"\#(key)","value":\#(value)\#(time)}]}"#)
    #expect(answer.status == 201, "\(answer.text)")
  }

  /// The text of an answer that succeeded.
  func read(_ path: String, as session: String) async throws -> String {
    let answer = try await front.ask(.get, path, as: session)
    #expect(answer.status == 200, "\(path): \(answer.text)")
    return answer.text
  }

  /// The values of a resource of a device, newest first, as JSON texts; nil where there is no such resource for this user.
  func values(_ key: String, of device: Device, as session: String, _ query: String = "?limit=100") async throws -> [String]? {
    let answer = try await front.ask(.get, "/v2/me/resources/\(key)/\(device.id)\(query)", as: session)
    if answer.status == 404 { return nil }
    #expect(answer.status == 200, "\(answer.text)")
    guard case .array(let values) = try answer.json() else { return nil }
    return values.compactMap { $0["value"]?.json }
  }

  // MARK: Sharing

  func grant(_ body: String, as session: String) async throws -> Answer {
    try await front.ask(.put, "/v2/me/grant", as: session, body)
  }

  /// The newest mail: who gets it, and the path of the page that it leads to.
  func newestMail() async throws -> (to: String, text: String, page: String) {
    let mails = try await front.operate(.get, "/api/v1/mails?limit=1").json()["mails"]
    guard case .array(let list)? = mails, let mail = list.first, let text = mail["text"]?.text,
      let start = text.firstRange(of: "/v2/confirm/")
    else { throw CancellationError() }
    return (mail["to"]?.text ?? "", text, String(text[start.lowerBound...].prefix { !$0.isWhitespace }))
  }

  func mailCount() async throws -> Int {
    guard case .array(let list)? = try await front.operate(.get, "/api/v1/mails").json()["mails"] else { return -1 }
    return list.count
  }

  /// Offers a share and confirms it by the mail.
  func share(_ body: String, as session: String) async throws {
    let answer = try await grant(body, as: session)
    #expect(answer.status == 200, "\(answer.text)")
    let confirmed = try await front.send(.post, try await newestMail().page)
    #expect(confirmed.status == 200, "\(confirmed.text)")
  }
}
