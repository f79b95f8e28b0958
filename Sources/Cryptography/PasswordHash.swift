internal import COpenSSL
import Foundation

/// How much work a password's hash is (RFC 7914 section 2). It takes 128 · r · 2^logCost bytes of memory.
public struct ScryptCost: Sendable, Hashable {
  /// The binary logarithm of N.
  public let logCost: Int
  public let blockSize: Int
  public let parallelism: Int

  /// - Precondition: a cost that OpenSSL takes and a server can bear: 1 to 24, 1 to 32, 1 to 16.
  public init(logCost: Int, blockSize: Int, parallelism: Int) {
    precondition((1...24).contains(logCost) && (1...32).contains(blockSize) && (1...16).contains(parallelism))
    self.logCost = logCost
    self.blockSize = blockSize
    self.parallelism = parallelism
  }

  /// 32 MiB, and about a sixth of a second of one processor.
  public static let standard = ScryptCost(logCost: 15, blockSize: 8, parallelism: 3)
}

/// A password as it is stored: by scrypt, as a text that says how it was made, so that the cost can be raised:
/// `$scrypt$ln=15,r=8,p=3$salt$hash`, both in unpadded base64.
///
/// Making and comparing one takes a while and much memory by design: it is no work for a thread that others wait for.
public struct PasswordHash: Sendable, Hashable {
  public let cost: ScryptCost
  private let salt: [UInt8]
  private let hash: [UInt8]

  private init(cost: ScryptCost, salt: [UInt8], hash: [UInt8]) {
    self.cost = cost
    self.salt = salt
    self.hash = hash
  }

  /// Hashes a password with a new salt.
  public static func make(_ password: String, cost: ScryptCost) -> PasswordHash {
    let salt = RandomBytes.generate(16)
    return PasswordHash(cost: cost, salt: salt, hash: scrypt(Array(password.utf8), salt: salt, cost, length: 32))
  }

  /// What no password matches, and what takes as long to compare as any other.
  public static func unmatchable(cost: ScryptCost) -> PasswordHash {
    PasswordHash(cost: cost, salt: RandomBytes.generate(16), hash: RandomBytes.generate(32))
  }

  /// Whether it is the password, in a time that does not depend on where a wrong one differs.
  public func matches(_ password: String) -> Bool {
    constantTimeEqual(Self.scrypt(Array(password.utf8), salt: salt, cost, length: hash.count), hash)
  }

  /// Derives bytes from a password (RFC 7914 section 6).
  static func scrypt(_ password: [UInt8], salt: [UInt8], _ cost: ScryptCost, length: Int) -> [UInt8] {
    var derived = [UInt8](repeating: 0, count: length)
    let (blocks, size, parallel) = (UInt64(1) << UInt64(cost.logCost), UInt64(cost.blockSize), UInt64(cost.parallelism))
    // What it needs, and some: the default limit is just below what the standard cost takes.
    let memory = 128 * size * (blocks + parallel + 2) + (1 << 20)
    // With a byte behind it, the pointer is one for the empty password too.
    let characters = password.map { CChar(bitPattern: $0) } + [0]
    let done = EVP_PBE_scrypt(
      characters, password.count, salt, salt.count, blocks, size, parallel, memory, &derived, length)
    // The cost was checked, so only memory can be missing; a guess at the hash would be worse than no answer.
    guard done == 1 else { fatalError("OpenSSL could not hash a password") }
    return derived
  }
}

extension PasswordHash {
  /// The text that is stored.
  public var text: String {
    let cost = "ln=\(cost.logCost),r=\(cost.blockSize),p=\(cost.parallelism)"
    return "$scrypt$\(cost)$\(Self.base64(salt))$\(Self.base64(hash))"
  }

  /// - Returns: nil for what is no such text.
  public init?(text: String) {
    let fields = text.split(separator: "$", omittingEmptySubsequences: false)
    guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt", let cost = Self.cost(fields[2]),
      let salt = Self.bytes(fields[3]), let hash = Self.bytes(fields[4]), (16...64).contains(hash.count)
    else { return nil }
    self.init(cost: cost, salt: salt, hash: hash)
  }

  private static func cost(_ text: Substring) -> ScryptCost? {
    let pairs = text.split(separator: ",").map { $0.split(separator: "=") }
    guard pairs.map(\.first) == ["ln", "r", "p"], pairs.allSatisfy({ $0.count == 2 }), let logCost = Int(pairs[0][1]),
      let blockSize = Int(pairs[1][1]), let parallelism = Int(pairs[2][1]), (1...24).contains(logCost),
      (1...32).contains(blockSize), (1...16).contains(parallelism)
    else { return nil }
    return ScryptCost(logCost: logCost, blockSize: blockSize, parallelism: parallelism)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let text = Data(bytes).base64EncodedString()
    return String(text.prefix { $0 != "=" })
  }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Data(base64Encoded: text + padding).map { Array($0) }
  }
}

extension PasswordHash: CustomStringConvertible, CustomReflectable {
  public var description: String { "PasswordHash(…)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
