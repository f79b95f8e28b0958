import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// What the routes of the DDI door read of a request (hawkBit DDI v1).
extension Request {
  /// What the device shows to be let in: `TargetToken` or `GatewayToken`, whichever case it is written in.
  var controllerCredentials: ControllerCredentials? {
    headers[.authorization].flatMap { ControllerCredentials(authorization: $0) }
  }

  /// A body as JSON. Texts in it may hold what no JSON may: a device whose report is refused sends it for ever.
  /// - Throws: `APIError`: 413, 415 for another type, 400 for what is none.
  func ddiBody(_ settings: APISettings) async throws -> JSONValue {
    if let type = headers[.contentType], HTTPFields.mediaType(type) != "application/json" {
      throw APIError(
        status: .unsupportedMediaType, code: "unsupported-media-type", message: "a body of application/json is needed")
    }
    let bytes = try await bytes(upTo: settings.largestThingBody)
    do {
      return try JSONValue(parsing: bytes, deepest: settings.deepestJSON, takesRawTexts: true)
    } catch { throw APIError.malformed("the body is not JSON") }
  }

}

extension HTTPFields {
  /// The type of the answer by what is accepted: HAL where nothing else is asked for.
  /// - Throws: `APIError` (406).
  func ddiAnswerType() throws -> String {
    guard let accepted = joined(.accept) else { return "application/hal+json" }
    let types = accepted.split(separator: ",").map { Self.mediaType(String($0)) }
    if types.contains(where: { ["*/*", "application/hal+json", ""].contains($0) }) { return "application/hal+json" }
    if types.contains(where: { ["application/json", "application/*"].contains($0) }) { return "application/json" }
    throw APIError(
      status: .notAcceptable, code: "not-acceptable", message: "there is application/json and application/hal+json")
  }

  /// A media type without its parameters, in lower case.
  static func mediaType(_ text: String) -> String {
    text.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
  }
}

extension ControllerCredentials {
  /// - Returns: nil for another scheme.
  init?(authorization: String) {
    let text = authorization.drop { $0 == " " }
    guard let blank = text.firstIndex(of: " ") else { return nil }
    let token = text[blank...].drop { $0 == " " }.prefix { $0 != " " && $0 != "\t" }
    guard !token.isEmpty, token.utf8.count <= Self.longestToken else { return nil }
    switch text[..<blank].lowercased() {
    case "targettoken": self = .target(String(token))
    case "gatewaytoken": self = .gateway(String(token))
    default: return nil
    }
  }

  private static let longestToken = 256
}

extension DeviceReport {
  /// Reads a feedback (hawkBit DDI, `feedback`): what must be there is `execution` and `finished`; members that nobody knows,
  /// and other shapes of `progress`, are nothing.
  /// - Throws: `APIError` (400) that names the member.
  init(_ body: JSONValue) throws {
    guard let status = body["status"], case .object = status else { throw APIError.malformed("status: is needed") }
    guard case .string(let execution)? = status["execution"], let execution = ActionReport.Execution(rawValue: execution) else {
      throw APIError.malformed("status.execution: is none of \(Self.list(ActionReport.Execution.self))")
    }
    guard case .string(let finished)? = status["result"]?["finished"],
      let finished = ActionReport.Finished(rawValue: finished)
    else { throw APIError.malformed("status.result.finished: is none of \(Self.list(ActionReport.Finished.self))") }
    self.init(
      execution: execution, finished: finished, code: status["code"]?.ddiNumber, details: status["details"]?.ddiTexts ?? [])
  }

  private static func list<Word: CaseIterable & RawRepresentable>(_ words: Word.Type) -> String where Word.RawValue == String {
    words.allCases.map(\.rawValue).joined(separator: ", ")
  }
}

extension JSONValue {
  /// A whole number, or a text that is one.
  var ddiNumber: Int64? {
    switch self {
    case .integer(let number): number
    case .number(let number): Int64(exactly: number.rounded())
    case .string(let text): Int64(text)
    default: nil
    }
  }

  /// Texts, of whatever an array holds, or of one alone.
  var ddiTexts: [String] {
    switch self {
    case .array(let values): values.flatMap(\.ddiTexts)
    case .string(let text): [text.filter { $0 != "\0" }]
    case .integer(let number): [String(number)]
    case .number(let number): [String(number)]
    case .bool(let value): [String(value)]
    case .null, .object: []
    }
  }
}
