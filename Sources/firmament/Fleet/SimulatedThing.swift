import APIClient
import APIContract
import Cryptography
import Domain
import NIOCore

/// A device that exists only here: it polls, installs what it is offered, reboots and confirms, as real device code does.
struct SimulatedThing {
  /// How it behaves when it installs.
  enum Fate: Sendable { case installs, fails, fallsBack }

  let client: ThingClient
  let token: String
  let fate: Fate
  /// Bytes that it asks for at once.
  let rangeBytes: Int64
  let tally: FleetTally
  /// What runs, by MCU.
  private(set) var running: [String: String] = [:]
  private var boot = 1

  init(_ client: ThingClient, token: String, fate: Fate, rangeBytes: Int64, tally: FleetTally) {
    self.client = client
    self.token = token
    self.fate = fate
    self.rangeBytes = rangeBytes
    self.tally = tally
  }

  /// Polls once for each MCU that runs something, or once in all.
  /// - Returns: what it may have now.
  mutating func poll() async throws -> [LatestFirmware] {
    var offers: [String: LatestFirmware] = [:]
    let known: [(String?, String?)] = running.isEmpty ? [(nil, nil)] : running.sorted { $0.key < $1.key }.map { ($0, $1) }
    for (mcu, version) in known {
      let answer = try await client.latest(token: token, mcu: mcu, version: version, boot: version == nil ? nil : "\(boot)")
      tally.add(polls: 1)
      guard case .firmwares(let firmwares, _) = answer else { continue }
      // The last answer counts: it knows what all the polls before it said.
      offers = Dictionary(firmwares.filter(\.update).map { ($0.mcu, $0) }, uniquingKeysWith: { $1 })
    }
    return offers.values.sorted { $0.mcu < $1.mcu }
  }

  /// Downloads a firmware in ranges, checks it, reports each step, reboots, and says what runs then.
  mutating func install(_ firmware: LatestFirmware) async throws {
    try await report(firmware, .downloading)
    guard try await download(firmware) == firmware.sha256 else {
      try await report(firmware, .failed, code: "digest", message: "The downloaded bytes have another SHA-256.")
      tally.settled(.failed, firmware.version)
      throw APIClientError(.corrupted, "a download of firmware \(firmware._id) had other bytes than announced")
    }
    try await report(firmware, .downloaded)
    try await report(firmware, .installing)
    if fate == .fails {
      try await report(firmware, .failed, code: "flash", message: "Simulated: the flash could not be written.")
      tally.settled(.failed, firmware.version)
      return
    }
    try await report(firmware, .installed)
    boot += 1
    if fate == .fallsBack {
      // It comes up with what ran before: with what the factory put there, where nothing was installed yet.
      try await confirm(firmware.mcu, running[firmware.mcu] ?? "factory")
      tally.settled(.rolledBack, firmware.version)
      return
    }
    running[firmware.mcu] = firmware.version
    try await confirm(firmware.mcu, firmware.version)
    tally.settled(.confirmed, firmware.version)
  }

  private func confirm(_ mcu: String, _ version: String) async throws {
    _ = try await client.latest(token: token, mcu: mcu, version: version, boot: "\(boot)")
    tally.add(polls: 1)
  }

  private func report(
    _ firmware: LatestFirmware, _ status: ReportedStatus, code: String? = nil, message: String? = nil
  ) async throws {
    try await client.report(
      token: token, mcu: firmware.mcu, version: firmware.version, status: status, message: message, code: code, boot: "\(boot)")
  }

  private func download(_ firmware: LatestFirmware) async throws -> ImageDigest? {
    let hasher = SHA256Hasher()
    var position: Int64 = 0
    var etag: String?
    while position < firmware.size {
      let last = min(position + rangeBytes, firmware.size) - 1
      var received: Int64 = 0
      let head = try await client.download(
        token: token, firmware: firmware._id, range: position...last, etag: etag
      ) { chunk in
        chunk.withUnsafeReadableBytes(hasher.update)
        received += Int64(chunk.readableBytes)
      }
      tally.add(bytes: received)
      guard head.status == 206, received == last - position + 1 else { return nil }
      etag = head.etag
      position += received
    }
    return ImageDigest(bytes: hasher.finish())
  }
}
