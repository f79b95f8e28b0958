import Domain

/// A thing's standing as a row of bytes, read when somebody needs it: in memory things are many, and few of them are asked
/// about at a time. Behind it in the same row stand the thing's facts, where memory has them:
/// two rows would take 50 bytes more.
struct PackedStanding {
  /// How long the facts are, the standing, and the facts.
  private let bytes: [UInt8]

  /// - Parameter other: whose facts are kept.
  init(_ standing: ThingStanding, keepingFactsOf other: PackedStanding? = nil) {
    var writer = PackedWriter()
    writer.append(standing)
    self.init(writer.bytes[...], facts: other?.facts ?? [])
  }

  private init(_ standing: ArraySlice<UInt8>, facts: ArraySlice<UInt8>) {
    var writer = PackedWriter()
    writer.append(facts.count)
    let parts = [writer.bytes[...], standing, facts]
    // Exactly as long as it is.
    bytes = [UInt8](unsafeUninitializedCapacity: parts.reduce(0) { $0 + $1.count }) { buffer, count in
      for part in parts { count = buffer[count...].initialize(fromContentsOf: part) }
    }
  }

  /// What stands behind the standing; empty where nothing does. It shares the bytes.
  var facts: ArraySlice<UInt8> { bytes.suffix(lengths.facts) }

  func replacing(facts: ArraySlice<UInt8>) -> PackedStanding {
    PackedStanding(bytes.dropFirst(lengths.prefix).dropLast(lengths.facts), facts: facts)
  }

  private var lengths: (prefix: Int, facts: Int) {
    read { reader in
      let facts = reader.count()
      return (reader.place, facts)
    }
  }

  private func read<Result>(_ use: (inout PackedReader) -> Result) -> Result {
    bytes.withUnsafeBytes { bytes in
      var reader = PackedReader(bytes)
      return use(&reader)
    }
  }

  func standing(of thingID: Int64) -> ThingStanding {
    read { reader in
      _ = reader.count()
      return reader.standing(of: thingID)
    }
  }

  /// Whether a rollout has the thing, found out without reading the rest.
  func hasDelivery(of rolloutID: Int64) -> Bool {
    read { reader in
      _ = reader.count()
      for _ in 0..<reader.count() {
        if reader.number() == rolloutID { return true }
        reader.skip(reader.count())
      }
      return false
    }
  }
}

extension PackedWriter {
  fileprivate mutating func append(_ standing: ThingStanding) {
    // First, so that they are found without reading anything else.
    append(standing.deliveries.count)
    for delivery in standing.deliveries {
      append(delivery.rolloutID)
      var inner = PackedWriter()
      inner.append(delivery)
      append(inner.bytes.count)
      append(inner)
    }
    append(standing.publicID)
    append(standing.modelID)
    append(standing.mcus.count)
    for mcu in standing.mcus { append(mcu) }
    append(standing.installations.count)
    for installation in standing.installations { append(installation) }
  }

  fileprivate mutating func append(_ delivery: Delivery) {
    append(delivery.stage)
    append(PackedStates.number(of: delivery.state))
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

  fileprivate mutating func append(_ mcu: MCUStanding) {
    append(mcu.mcuID)
    append(flags: mcu.running != nil, mcu.boot != nil, mcu.reportedAt != nil, mcu.firmwareID != nil)
    if let text = mcu.running { append(text) }
    if let text = mcu.boot { append(text) }
    if let time = mcu.reportedAt { append(time) }
    if let id = mcu.firmwareID { append(id) }
  }

  fileprivate mutating func append(_ installation: Installation) {
    append(installation.firmwareID)
    append(PackedStates.number(of: installation.state))
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

extension PackedReader {
  fileprivate mutating func standing(of thingID: Int64) -> ThingStanding {
    let deliveries = (0..<count()).map { _ in
      let rolloutID = number()
      _ = count()
      return delivery(of: rolloutID)
    }
    let publicID = text()
    let modelID = number()
    let mcus = (0..<count()).map { _ in mcu() }
    let installations = (0..<count()).map { _ in installation() }
    return ThingStanding(
      thingID: thingID, publicID: publicID, modelID: modelID, mcus: mcus, installations: installations,
      deliveries: deliveries)
  }

  fileprivate mutating func delivery(of rolloutID: Int64) -> Delivery {
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

  fileprivate mutating func mcu() -> MCUStanding {
    let id = number()
    let flags = byte()
    return MCUStanding(
      mcuID: id, running: flags & 1 != 0 ? text() : nil, boot: flags & 2 != 0 ? text() : nil,
      reportedAt: flags & 4 != 0 ? time() : nil, firmwareID: flags & 8 != 0 ? number() : nil)
  }

  fileprivate mutating func installation() -> Installation {
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
