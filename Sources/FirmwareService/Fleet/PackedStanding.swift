import Domain

/// A thing's standing as a row of bytes, read when somebody needs it: in memory things are many, and few of them are asked
/// about at a time.
///
/// Numbers are written by zigzag in groups of seven bits, the lowest first; texts and deliveries have their length before them;
/// a byte of flags tells what is there of what may be missing. It is never written to a disk, so its form may change.
struct PackedStanding {
  private let bytes: [UInt8]

  init(_ standing: ThingStanding) {
    var writer = PackedWriter()
    // First, so that they are found without reading anything else.
    writer.append(standing.deliveries.count)
    for delivery in standing.deliveries {
      writer.append(delivery.rolloutID)
      var inner = PackedWriter()
      inner.append(delivery)
      writer.append(inner.bytes.count)
      writer.bytes += inner.bytes
    }
    writer.append(standing.publicID)
    writer.append(standing.modelID)
    writer.append(standing.mcus.count)
    for mcu in standing.mcus { writer.append(mcu) }
    writer.append(standing.installations.count)
    for installation in standing.installations { writer.append(installation) }
    // Exactly as long as it is.
    bytes = [UInt8](unsafeUninitializedCapacity: writer.bytes.count) { buffer, count in
      count = buffer.initialize(fromContentsOf: writer.bytes)
    }
  }

  func standing(of thingID: Int64) -> ThingStanding {
    bytes.withUnsafeBytes { bytes in
      var reader = PackedReader(bytes)
      let deliveries = (0..<reader.count()).map { _ in
        let rolloutID = reader.number()
        _ = reader.count()
        return reader.delivery(of: rolloutID)
      }
      let publicID = reader.text()
      let modelID = reader.number()
      let mcus = (0..<reader.count()).map { _ in reader.mcu() }
      let installations = (0..<reader.count()).map { _ in reader.installation() }
      return ThingStanding(
        thingID: thingID, publicID: publicID, modelID: modelID, mcus: mcus, installations: installations,
        deliveries: deliveries)
    }
  }

  /// Whether a rollout has the thing, found out without reading the rest.
  func hasDelivery(of rolloutID: Int64) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var reader = PackedReader(bytes)
      for _ in 0..<reader.count() {
        if reader.number() == rolloutID { return true }
        reader.skip(reader.count())
      }
      return false
    }
  }
}

private struct PackedWriter {
  var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(192) }

  mutating func append(_ number: Int64) {
    var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func append(_ number: Int) { append(Int64(number)) }

  mutating func append(_ time: Timestamp) { append(time.milliseconds) }

  mutating func append(_ text: String) {
    append(text.utf8.count)
    bytes += text.utf8
  }

  /// - Parameter present: what is there, from the lowest bit on.
  private mutating func append(flags present: Bool...) {
    bytes.append(present.enumerated().reduce(0) { $1.element ? $0 | 1 << UInt8($1.offset) : $0 })
  }

  mutating func append(_ delivery: Delivery) {
    append(delivery.stage)
    bytes.append(PackedStates.number(of: delivery.state))
    append(flags: delivery.isPardoned, delivery.consentAt != nil, !delivery.reason.isEmpty, !delivery.previous.isEmpty)
    append(delivery.since)
    if let time = delivery.consentAt { append(time) }
    if !delivery.reason.isEmpty { append(delivery.reason) }
    guard !delivery.previous.isEmpty else { return }
    append(delivery.previous.count)
    for item in delivery.previous {
      append(item.mcuID)
      append(item.firmwareID)
    }
  }

  mutating func append(_ mcu: MCUStanding) {
    append(mcu.mcuID)
    append(flags: mcu.running != nil, mcu.boot != nil, mcu.reportedAt != nil, mcu.firmwareID != nil)
    if let text = mcu.running { append(text) }
    if let text = mcu.boot { append(text) }
    if let time = mcu.reportedAt { append(time) }
    if let id = mcu.firmwareID { append(id) }
  }

  mutating func append(_ installation: Installation) {
    append(installation.firmwareID)
    bytes.append(PackedStates.number(of: installation.state))
    append(
      flags: installation.rolloutID != nil, installation.installedAt != nil, installation.bootAtInstall != nil,
      installation.otherVersionSaidAt != nil, installation.code != nil, installation.message != nil)
    append(installation.since)
    append(installation.bytesServed)
    append(installation.attempts)
    if let id = installation.rolloutID { append(id) }
    if let time = installation.installedAt { append(time) }
    if let text = installation.bootAtInstall { append(text) }
    if let time = installation.otherVersionSaidAt { append(time) }
    if let text = installation.code { append(text) }
    if let text = installation.message { append(text) }
  }
}

/// Reads what a `PackedWriter` has written, in the same order.
private struct PackedReader {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func byte() -> UInt8 {
    defer { place += 1 }
    return bytes[place]
  }

  mutating func number() -> Int64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = byte()
      number |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1) }
      shift += 7
    }
  }

  mutating func count() -> Int { Int(number()) }

  mutating func skip(_ count: Int) { place += count }

  mutating func time() -> Timestamp { Timestamp(milliseconds: number()) }

  mutating func text() -> String {
    let length = count()
    defer { place += length }
    return String(decoding: bytes[place..<place + length], as: UTF8.self)
  }

  mutating func delivery(of rolloutID: Int64) -> Delivery {
    let stage = count()
    let state = PackedStates.deliveries[Int(byte())]
    let flags = byte()
    let since = time()
    let consentAt = flags & 2 != 0 ? time() : nil
    let reason = flags & 4 != 0 ? text() : ""
    let previous = (0..<(flags & 8 != 0 ? count() : 0)).map { _ in RolloutItem(mcuID: number(), firmwareID: number()) }
    return Delivery(
      rolloutID: rolloutID, stage: stage, state: state, reason: reason, since: since, consentAt: consentAt,
      previous: previous, isPardoned: flags & 1 != 0)
  }

  mutating func mcu() -> MCUStanding {
    let id = number()
    let flags = byte()
    return MCUStanding(
      mcuID: id, running: flags & 1 != 0 ? text() : nil, boot: flags & 2 != 0 ? text() : nil,
      reportedAt: flags & 4 != 0 ? time() : nil, firmwareID: flags & 8 != 0 ? number() : nil)
  }

  mutating func installation() -> Installation {
    let id = number()
    let state = PackedStates.installations[Int(byte())]
    let flags = byte()
    var installation = Installation(firmwareID: id, state: state, since: time())
    installation.bytesServed = number()
    installation.attempts = count()
    installation.rolloutID = flags & 1 != 0 ? number() : nil
    installation.installedAt = flags & 2 != 0 ? time() : nil
    installation.bootAtInstall = flags & 4 != 0 ? text() : nil
    installation.otherVersionSaidAt = flags & 8 != 0 ? time() : nil
    installation.code = flags & 16 != 0 ? text() : nil
    installation.message = flags & 32 != 0 ? text() : nil
    return installation
  }
}

/// States as the numbers of their places.
private enum PackedStates {
  static let deliveries = DeliveryState.allCases
  static let installations = InstallationState.allCases

  static func number(of state: DeliveryState) -> UInt8 { UInt8(deliveries.firstIndex(of: state)!) }
  static func number(of state: InstallationState) -> UInt8 { UInt8(installations.firstIndex(of: state)!) }
}
