import Cryptography
import Domain
import Foundation
import TestSupport
import Testing

/// What an engineer does, over the wire and without the product's own signing: a manifest here is spelled by hand.
struct EngineersDesk: Sendable {
  let server: RunningServer
  let key: PrivateKey
  let model: String

  /// Makes a model that trusts a new key.
  init(_ server: RunningServer, model: String, mcus: [String], numericVersions: Bool = false) async throws {
    self.server = server
    self.model = model
    key = try PrivateKey.generate(.ed25519)
    let names = mcus.map { "\"\($0)\"" }.joined(separator: ",")
    let created = try await server.operate(
      "POST", "/api/v1/models", json: "{\"name\":\"\(model)\",\"mcus\":[\(names)],\"numericVersions\":\(numericVersions)}")
    try #require(created.status == 201, "\(created.text)")
    let trusted = try await server.operate(
      "POST", "/api/v1/models/\(model)/keys", Array(JSONEncoder().encode(["pem": try key.publicKey.pem])))
    try #require(trusted.status == 201, "\(trusted.text)")
  }

  /// Stores an image.
  /// - Returns: its SHA-256, hexadecimal.
  @discardableResult func store(_ image: [UInt8]) async throws -> String {
    let stored = try await server.operate("PUT", "/api/v1/images/sha256:\(image.sha256)", image)
    try #require([200, 201].contains(stored.status), "\(stored.text)")
    return image.sha256
  }

  /// Stores an image, registers and publishes it.
  /// - Returns: the id of the firmware.
  @discardableResult func release(
    _ image: [UInt8], mcu: String, version: String, sequence: Int64
  ) async throws -> String {
    try await store(image)
    let manifest = ManifestText(
      mcu: mcu, model: model, sequence: sequence, sha256: image.sha256, size: image.count, version: version)
    let answer = try await register(try manifest.envelope(signedBy: key), publish: true)
    try #require(answer.status == 201, "\(answer.text)")
    return try #require(answer.json?["id"]?.text)
  }

  func register(_ envelope: String, publish: Bool = false) async throws -> RawAnswer {
    try await server.operate("POST", "/api/v1/firmwares" + (publish ? "?publish=true" : ""), json: envelope)
  }

  /// Activates new things.
  /// - Returns: their tokens.
  func activateThings(_ count: Int) async throws -> [String] {
    let codes = try await server.operate("POST", "/api/v1/codes", json: "{\"model\":\"\(model)\",\"count\":\(count)}")
    var tokens: [String] = []
    for code in codes.json?["codes"]?.elements ?? [] {
      let text = try #require(code["code"]?.text)
      let answer = try await server.exchange("POST", "/v2/things", "{\"activationCode\":\"\(text)\"}")
      tokens.append(try #require(answer.json?["thingToken"]?.text))
    }
    try #require(tokens.count == count)
    return tokens
  }

  /// What a thing is told on a poll.
  func poll(_ token: String) async throws -> RawAnswer {
    try await server.exchange("GET", "/v2/things/\(token)/firmwares/latest")
  }
}

/// A firmware manifest in its canonical form: sorted keys, no white space.
struct ManifestText: Sendable {
  static let payloadType = "application/vnd.firmament.manifest+json"

  var createdAt = "2026-01-02T03:04:05.678Z"
  var mcu: String
  var model: String
  var sequence: Int64
  var sha256: String
  var size: Int
  var version: String

  var text: String {
    "{\"createdAt\":\"\(createdAt)\",\"mcu\":\"\(mcu)\",\"model\":\"\(model)\",\"sequence\":\(sequence),"
      + "\"sha256\":\"\(sha256)\",\"size\":\(size),\"version\":\"\(version)\"}"
  }

  func envelope(signedBy key: PrivateKey) throws -> String { try Self.envelope(text, signedBy: key) }

  /// A DSSE envelope around any text, signed over the text.
  static func envelope(
    _ payload: String, type: String = payloadType, signedBy key: PrivateKey, naming named: PrivateKey? = nil
  ) throws -> String {
    let signed = Array("DSSEv1 \(type.utf8.count) \(type) \(payload.utf8.count) \(payload)".utf8)
    let signature = Data(try key.sign(signed)).base64EncodedString()
    return envelope(payload, type: type, signatures: [(try (named ?? key).publicKey.id, signature)])
  }

  static func envelope(_ payload: String, type: String = payloadType, signatures: [(keyID: String, text: String)]) -> String {
    let list = signatures.map { "{\"keyid\":\"\($0.keyID)\",\"sig\":\"\($0.text)\"}" }.joined(separator: ",")
    let encoded = Data(payload.utf8).base64EncodedString()
    return "{\"payload\":\"\(encoded)\",\"payloadType\":\"\(type)\",\"signatures\":[\(list)]}"
  }
}

extension [UInt8] {
  /// Hexadecimal.
  var sha256: String { Hexadecimal.encode(SHA256Hasher.digest(of: self)) }
}

/// Bytes that look like nothing in particular, the same for the same seed.
func imageBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  var words = [UInt64](repeating: 0, count: (count + 7) / 8)
  for index in words.indices { words[index] = generator.next() }
  return words.withUnsafeBytes { Array($0.prefix(count)) }
}
