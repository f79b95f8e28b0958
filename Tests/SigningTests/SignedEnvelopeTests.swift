import Cryptography
import Domain
import Foundation
import Testing

@testable import Signing

@Suite("The envelope around a manifest") struct SignedEnvelopeTests {
  private let engineer: PrivateKey
  private let stranger: PrivateKey
  private let known: KnownKey
  private let envelope: SignedEnvelope

  init() throws {
    engineer = try .generate(.ed25519)
    stranger = try .generate(.ecdsaP256)
    known = try engineer.publicKey.trusted
    envelope = try .sign(.sample, with: engineer)
  }

  private func expect(_ code: SigningError.Code, _ envelope: SignedEnvelope, _ keys: [KnownKey], _ what: String = "") {
    let error = #expect(throws: SigningError.self, "\(what)") { _ = try envelope.verify(with: keys) }
    #expect(error?.code == code, "\(what)")
  }

  private func envelope(
    type: String = SignedEnvelope.payloadType, payload: String? = nil, _ signatures: [SignedEnvelope.Signature]? = nil
  ) -> SignedEnvelope {
    SignedEnvelope(payloadType: type, payload: payload ?? envelope.payload, signatures: signatures ?? envelope.signatures)
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `a manifest signed by a trusted key is verified`(algorithm: KeyAlgorithm) throws {
    let key = try PrivateKey.generate(algorithm)
    let envelope = try SignedEnvelope.sign(.sample, with: key)
    let verified = try envelope.verify(with: [known, key.publicKey.trusted])
    #expect(verified.manifest == .sample)
    #expect(try verified.keyID == key.publicKey.id)
    #expect(try envelope.claimedManifest() == .sample)
  }

  @Test func `what is signed is the pre-authentication encoding of DSSE`() throws {
    let encoded = SignedEnvelope.preAuthenticationEncoding(of: Array("hello world".utf8))
    let expected = "DSSEv1 39 application/vnd.firmament.manifest+json 11 hello world"
    #expect(String(decoding: encoded, as: UTF8.self) == expected)
    let signature = try #require(Data(base64Encoded: envelope.signatures[0].sig))
    let signed = SignedEnvelope.preAuthenticationEncoding(of: FirmwareManifest.sample.canonicalBytes)
    #expect(known.key.verifies(Array(signature), over: signed))
    #expect(!known.key.verifies(Array(signature), over: FirmwareManifest.sample.canonicalBytes))
  }

  @Test func `an unsigned manifest is refused, also where no key is trusted`() {
    expect(.unsigned, envelope([]), [known])
    expect(.unsigned, envelope([]), [])
  }

  @Test func `a stranger's signature is refused`() throws {
    expect(.untrustedKey, try .sign(.sample, with: stranger), [known])
    expect(.untrustedKey, envelope, [])
    // A stranger who calls himself by the trusted key's id.
    let forged = try SignedEnvelope.sign(.sample, with: stranger).signatures[0].sig
    expect(.wrongSignature, envelope([.init(keyid: known.key.id, sig: forged)]), [known])
  }

  @Test func `a revoked key's signature is refused as that`() throws {
    expect(.revokedKey, envelope, [try engineer.publicKey.revoked])
    expect(.revokedKey, envelope, [try engineer.publicKey.revoked, try stranger.publicKey.trusted])
    let signature = try #require(Data(base64Encoded: envelope.signatures[0].sig))
    let broken = Data(signature.map { $0 ^ 1 }).base64EncodedString()
    expect(.wrongSignature, envelope([.init(keyid: known.key.id, sig: broken)]), [try engineer.publicKey.revoked])
  }

  @Test func `every changed byte of the payload or the signature is noticed`() throws {
    let payload = FirmwareManifest.sample.canonicalBytes
    for index in payload.indices {
      var changed = payload
      changed[index] ^= 1
      let other = envelope(payload: Data(changed).base64EncodedString())
      let error = #expect(throws: SigningError.self) { _ = try other.verify(with: [known]) }
      #expect(error?.code == .wrongSignature || error?.code == .malformedManifest, "byte \(index)")
    }
    let signature = Array(try #require(Data(base64Encoded: envelope.signatures[0].sig)))
    for index in signature.indices {
      var changed = signature
      changed[index] ^= 0x10
      expect(
        .wrongSignature, envelope([.init(keyid: known.key.id, sig: Data(changed).base64EncodedString())]), [known],
        "byte \(index)")
    }
  }

  @Test func `one good signature among bad ones is enough, in any order`() throws {
    let good = envelope.signatures[0]
    let foreign = try SignedEnvelope.sign(.sample, with: stranger).signatures[0]
    let wrong = SignedEnvelope.Signature(keyid: try stranger.publicKey.id, sig: good.sig)
    let keys = [try stranger.publicKey.trusted, known]
    for others in [[foreign], [wrong], [foreign, wrong]] {
      for signatures in [others + [good], [good] + others] {
        let verified = try envelope(signatures).verify(with: signatures.contains(foreign) ? [known] : keys)
        #expect(verified.keyID == known.key.id)
      }
    }
    let revoked = [try stranger.publicKey.revoked, known]
    #expect(try envelope([foreign, good]).verify(with: revoked).keyID == known.key.id)
    expect(.untrustedKey, envelope([foreign, foreign]), [known])
    expect(.wrongSignature, envelope([foreign, .init(keyid: known.key.id, sig: foreign.sig)]), [known])
  }

  @Test func `a valid signature over what is no manifest is refused`() throws {
    for text in ["{}", "hello", String(decoding: FirmwareManifest.sample.canonicalBytes, as: UTF8.self) + "\n"] {
      let bytes = Array(text.utf8)
      let signature = try engineer.sign(SignedEnvelope.preAuthenticationEncoding(of: bytes))
      let other = envelope(
        payload: Data(bytes).base64EncodedString(),
        [.init(keyid: known.key.id, sig: Data(signature).base64EncodedString())])
      expect(.malformedManifest, other, [known], text)
    }
  }

  @Test(arguments: [
    "", "application/json", "application/vnd.in-toto+json", "application/vnd.firmament.manifest+JSON",
    "application/vnd.firmament.manifest+json ", "application/vnd.firmament.manifest+json; v=1",
  ])
  func `another payload type is refused`(type: String) {
    let other = envelope(type: type)
    expect(.malformedEnvelope, other, [known])
    #expect(throws: SigningError.self) { _ = try other.claimedManifest() }
  }

  @Test func `base64 is taken in its standard form only`() throws {
    let payload = envelope.payload
    for variant in [payload + "=", " " + payload, payload + "\n", String(payload.dropLast(3)), "*" + payload, "-_-_"] {
      expect(.malformedEnvelope, envelope(payload: variant), [known], "payload \(variant.suffix(8))")
    }
    let signature = envelope.signatures[0].sig
    for variant in [String(signature.dropLast(2)), signature + "\n", "*" + signature, "-_-_"] {
      expect(
        .malformedEnvelope, envelope([.init(keyid: known.key.id, sig: variant)]), [known], "signature \(variant.suffix(8))")
    }
    expect(.wrongSignature, envelope([.init(keyid: known.key.id, sig: "")]), [known])
  }

  @Test func `more signatures than anybody needs are refused before they are looked at`() {
    let one = envelope.signatures[0]
    let most = Array(repeating: one, count: SignedEnvelope.mostSignatures)
    #expect(throws: Never.self) { _ = try envelope(most).verify(with: [known]) }
    expect(.malformedEnvelope, envelope(most + [one]), [known])
  }

  @Test func `its JSON is compact and sorted, and reads back as the same`() throws {
    let text = String(decoding: envelope.jsonBytes, as: UTF8.self)
    let expected =
      #"{"payload":"\#(envelope.payload)","payloadType":"application/vnd.firmament.manifest+json","signatures":"#
      + #"[{"keyid":"\#(known.key.id)","sig":"\#(envelope.signatures[0].sig)"}]}"#
    #expect(text == expected)
    #expect(try SignedEnvelope(jsonBytes: envelope.jsonBytes) == envelope)
    #expect(try SignedEnvelope(jsonBytes: Array((" " + text + "\n").utf8)) == envelope, "only the payload is canonical")
  }

  @Test(arguments: [
    "", "{}", "[]", "null", "{\"payload\":\"\",\"payloadType\":\"x\"}",
    "{\"payload\":1,\"payloadType\":\"x\",\"signatures\":[]}", "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":{}}",
    "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[{\"keyid\":\"a\"}]}",
    "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[{\"keyid\":null,\"sig\":\"\"}]}",
  ])
  func `what is no envelope is refused as such`(text: String) {
    let error = #expect(throws: SigningError.self) { _ = try SignedEnvelope(jsonBytes: Array(text.utf8)) }
    #expect(error?.code == .malformedEnvelope)
  }
}
