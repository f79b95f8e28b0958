/// CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320), as uImage, DFU and zip use it. Not for anything that must be hard to
/// forge.
struct CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  /// The register without the final inversion, which is what a DFU suffix stores.
  private(set) var register: UInt32 = 0xFFFF_FFFF

  var value: UInt32 { ~register }

  mutating func update(_ bytes: [UInt8]) {
    var register = register
    Self.table.withUnsafeBufferPointer { table in
      for byte in bytes { register = register >> 8 ^ table[Int(UInt8(truncatingIfNeeded: register) ^ byte)] }
    }
    self.register = register
  }
}
