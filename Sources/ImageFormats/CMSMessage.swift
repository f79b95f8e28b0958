/// The outermost parts of a message in the Cryptographic Message Syntax (RFC 5652, DER): of which kind it is, and what it
/// signs. No signature is checked.
enum CMSMessage: Equatable {
  /// Signed data; nil where what is signed lies elsewhere.
  case signed([UInt8]?)
  /// Enveloped data: nothing of it can be read without a key.
  case encrypted

  /// - Returns: nil for bytes of another form.
  init?(_ message: [UInt8]) {
    guard let outer = DERElement(message[...]), outer.tag == 0x30, let kind = DERElement(outer.content), kind.tag == 0x06
    else { return nil }
    switch Array(kind.content) {
    case Self.identifier(3): self = .encrypted
    case Self.identifier(2):
      // [0] { SEQUENCE { version, SET of algorithms, SEQUENCE { kind, [0] { OCTET STRING } }, … } }
      guard let wrapper = DERElement(kind.rest), wrapper.tag == 0xA0, let data = DERElement(wrapper.content), data.tag == 0x30,
        let version = DERElement(data.content), let algorithms = DERElement(version.rest), algorithms.tag == 0x31,
        let content = DERElement(algorithms.rest), content.tag == 0x30, let type = DERElement(content.content), type.tag == 0x06
      else { return nil }
      guard !type.rest.isEmpty else {
        self = .signed(nil)
        return
      }
      guard let inner = DERElement(type.rest), inner.tag == 0xA0, let text = DERElement(inner.content), text.tag == 0x04 else {
        return nil
      }
      self = .signed(Array(text.content))
    default: return nil
    }
  }

  /// 1.2.840.113549.1.7.`number`
  private static func identifier(_ number: UInt8) -> [UInt8] { [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, number] }
}

/// One element of DER, of a definite length.
private struct DERElement {
  let tag: UInt8
  let content: ArraySlice<UInt8>
  /// What follows it.
  let rest: ArraySlice<UInt8>

  /// - Returns: nil when the bytes do not hold a whole element.
  init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    guard let tag = rest.popFirst(), let first = rest.popFirst() else { return nil }
    var length = Int(first)
    if first >= 0x80 {
      let count = Int(first & 0x7F)
      // 0x80 itself is the indefinite form, which DER does not have.
      guard (1...4).contains(count), rest.count >= count else { return nil }
      length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(count)
    }
    guard length <= rest.count else { return nil }
    self.tag = tag
    content = rest.prefix(length)
    self.rest = rest.dropFirst(length)
  }
}
