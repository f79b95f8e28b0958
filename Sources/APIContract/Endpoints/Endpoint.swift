public import Domain

/// One route of the service, spelled once: the server registers it, the client builds its path, and the OpenAPI document lists
/// it.
public struct Endpoint: Sendable {
  public enum Method: String, Sendable { case get, head, post, put, patch, delete }

  /// Who may call it: anyone, an operator by `Authorization: Bearer` or the cookie of a session, such a session alone, a thing
  /// by the token in its path, a user of an app by the session token that stands bare in `Authorization`, or a device of the
  /// DDI door by `TargetToken` or `GatewayToken` there.
  public enum Access: Sendable { case anyone, operators, operatorSessions, things, users, controllers }

  /// What one status answers with. `shape` is the JSON shape's schema; nil for no body or for bytes.
  public struct Answer: Sendable {
    public let status: Int
    public let summary: String
    public let contentType: String?
    public let schema: SchemaSource?
    /// Another type that the same answer may have.
    public var otherType: String?
  }

  public struct Query: Sendable {
    public let name: String
    public let summary: String
    public let schema: JSONSchema
    /// Whether a request without it is refused.
    public var isRequired = false
  }

  /// The OpenAPI `operationId`.
  public let id: String
  public let method: Method
  /// The path with its parameters in braces: `/api/v1/models/{model}`.
  public let template: String
  public let access: Access
  public let summary: String
  public let query: [Query]
  public let request: Answer?
  public let answers: [Answer]
  /// The role that an operator needs; nil for what fits the method.
  private let needs: OperatorRole?
  /// Whether it changes anything; a read by POST does not.
  public let isChange: Bool
  /// Whether the verb itself holds a token that is for some models against what it does, where neither path nor query names
  /// one.
  public let checksModels: Bool

  init(
    id: String, method: Method, template: String, access: Access, summary: String, query: [Query], request: Answer?,
    answers: [Answer], needs: OperatorRole? = nil, isChange: Bool? = nil, checksModels: Bool = false
  ) {
    self.id = id
    self.method = method
    self.template = template
    self.access = access
    self.summary = summary
    self.query = query
    self.request = request
    self.answers = answers
    self.needs = needs
    self.isChange = isChange ?? ![.get, .head].contains(method)
    self.checksModels = checksModels
  }

  /// The role that an operator needs. What says none needs the lowest for a read and the highest for anything else, so that one
  /// that was forgotten does no harm.
  public var neededRole: OperatorRole { needs ?? ([.get, .head].contains(method) ? .viewer : .administrator) }
}

extension Endpoint {
  /// The names in braces, in order.
  public var parameters: [String] {
    template.split(separator: "/").compactMap { $0.hasPrefix("{") ? String($0.dropFirst().dropLast()) : nil }
  }

  /// What stands before, between and after the parameters: one piece more than there are parameters.
  public var literalPieces: [String] {
    var pieces = [""]
    for segment in template.split(separator: "/") {
      pieces[pieces.count - 1] += "/"
      if segment.hasPrefix("{") { pieces.append("") } else { pieces[pieces.count - 1] += segment }
    }
    return pieces
  }

  /// The path with the parameters filled in, percent-encoded (RFC 3986 section 2.1): all but unreserved characters, and `:`.
  /// - Precondition: as many values as the template has parameters.
  public func path(_ values: String...) -> String {
    precondition(values.count == parameters.count, "\(id) takes \(parameters.count) parameters")
    var remaining = values[...]
    let segments = template.split(separator: "/").map { segment in
      segment.hasPrefix("{") ? Self.encode(remaining.removeFirst()) : String(segment)
    }
    return "/" + segments.joined(separator: "/")
  }

  /// Percent-encodes every byte that is not an unreserved character or `:`.
  public static func encode(_ text: String) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: ":"):
        encoded.append(byte)
      default:
        let digits = Array("0123456789ABCDEF".utf8)
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

extension Endpoint {
  /// An operators' endpoint that answers with a JSON shape; the problems that every one of them may answer are added.
  static func operators<Output: Decodable & Sendable>(
    _ id: String, _ method: Method, _ template: String, _ summary: String, query: [Query] = [], request: Answer? = nil,
    needs: OperatorRole? = nil, isChange: Bool? = nil, checksModels: Bool = false, _ status: Int = 200,
    answers output: Output.Type, also: [Answer] = [], problems: [Int] = []
  ) -> Endpoint {
    Endpoint(
      id: id, method: method, template: template, access: .operators, summary: summary, query: query, request: request,
      answers: [.json(status, output)] + also + Set([400, 401, 403, 413, 503, 507] + problems).sorted().map { .problem($0) },
      needs: needs, isChange: isChange, checksModels: checksModels)
  }
}

extension Endpoint.Answer {
  public static func json<Shape: Decodable & Sendable>(_ status: Int, _ shape: Shape.Type, _ summary: String = "Done") -> Self {
    Self(status: status, summary: summary, contentType: "application/json", schema: .shape(shape))
  }

  /// A read that `subscribe=true` turns into a stream: what it reads, or the stream's first message.
  static func readOrStream<Shape: Decodable & Sendable>(_ shape: Shape.Type) -> Self {
    let schemas = [SchemaSource.shape(shape).schema, SchemaSource.shape(SubscribedShape.self).schema]
    return Self(
      status: 200, summary: "Done; or a stream's first message, which the others follow", contentType: "application/json",
      schema: .fixed(.either(schemas)))
  }

  /// The body of a request.
  static func body<Shape: Decodable & Sendable>(_ shape: Shape.Type) -> Self { .json(0, shape) }

  static func bytes(_ status: Int, _ summary: String, _ contentType: String = "application/octet-stream") -> Self {
    Self(status: status, summary: summary, contentType: contentType, schema: nil)
  }

  static func empty(_ status: Int, _ summary: String) -> Self {
    Self(status: status, summary: summary, contentType: nil, schema: nil)
  }

  static func problem(_ status: Int) -> Self {
    Self(
      status: status, summary: "The problem (RFC 9457)", contentType: "application/problem+json", schema: .shape(Problem.self))
  }
}

extension [Endpoint.Query] {
  /// Every list is paged: `limit` entries from `after`, the `next` of the page before.
  static let page: Self = [
    .init(name: "limit", summary: "Entries a page, 1 to 1000; 100 by default", schema: .integer),
    .init(name: "after", summary: "The `next` of the page before", schema: .string),
  ]
}

extension Endpoint.Query {
  static func text(_ name: String, _ summary: String, isRequired: Bool = false) -> Self {
    .init(name: name, summary: summary, schema: .string, isRequired: isRequired)
  }
  static func flag(_ name: String, _ summary: String) -> Self { .init(name: name, summary: summary, schema: .boolean) }
}

/// Every endpoint of the service. The files beside this one add them by noun.
public enum Endpoints {
  public static let all: [Endpoint] =
    models + images + firmwares + codes + things + lookingBack + controllers + links + accounts + mails + operators + sessions
    + store + versionSpread + rollouts + thingSide + updaters + ddi + live + users + sharing + classes + webhooks + service
}
