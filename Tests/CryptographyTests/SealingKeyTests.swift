import Testing

@testable import Cryptography

@Suite("Sealed secrets") struct SealingKeyTests {
  private let key: SealingKey
  private let context = Array("row 7".utf8)

  init() throws { key = try #require(SealingKey(bytes: Array(0..<32))) }

  @Test(arguments: [0, 1, 15, 16, 17, 43, 1000])
  func `what was sealed is opened by the same key and context`(length: Int) throws {
    let secret = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    let sealed = key.seal(secret, context: context)
    #expect(sealed.count == length + 28)
    #expect(try key.open(sealed, context: context) == secret)
    let bare = key.seal(secret, context: [])
    #expect(try key.open(bare, context: []) == secret)
  }

  private func expectNotAuthentic(_ sealed: [UInt8], _ context: [UInt8], by key: SealingKey, _ what: String) {
    let error = #expect(throws: CryptographyError.self, "\(what)") { _ = try key.open(sealed, context: context) }
    #expect(error?.code == .notAuthentic, "\(what)")
  }

  @Test func `no changed bit of the sealed bytes goes unnoticed`() {
    let sealed = key.seal(Array("a token of forty-three characters, like any".utf8), context: context)
    for index in sealed.indices {
      for bit in 0..<8 {
        var changed = sealed
        changed[index] ^= 1 << bit
        expectNotAuthentic(changed, context, by: key, "bit \(bit) of byte \(index)")
      }
    }
  }

  @Test func `cut, lengthened or short bytes are not opened`() {
    let sealed = key.seal([1, 2, 3], context: context)
    for length in 0..<sealed.count { expectNotAuthentic(Array(sealed.prefix(length)), context, by: key, "\(length) bytes") }
    expectNotAuthentic(sealed + [0], context, by: key, "one more")
  }

  @Test func `another context or another key opens nothing`() throws {
    let sealed = key.seal([1, 2, 3], context: context)
    for other in [[], Array("row 8".utf8), context + [0], context.dropLast()] {
      expectNotAuthentic(sealed, other, by: key, "context \(other)")
    }
    let stranger = try #require(SealingKey(bytes: Array(1..<33)))
    expectNotAuthentic(sealed, context, by: stranger, "another key")
  }

  @Test func `the same secret never looks the same twice`() {
    let sealed = (0..<200).map { _ in key.seal([1, 2, 3], context: context) }
    #expect(Set(sealed.map { Array($0.prefix(12)) }).count == 200)
    #expect(Set(sealed.map { Array($0.dropFirst(12)) }).count == 200)
  }

  @Test func `a key has 32 bytes`() {
    for count in [0, 16, 31, 33, 64] { #expect(SealingKey(bytes: Array(repeating: 1, count: count)) == nil) }
  }
}
