import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Testing

@testable import HTTPAPI

/// What RAUC says and hears when it polls and streams.
@Suite("RAUC's polling") struct RAUCTests {
  private static let magic: HTTPFields = [.range: "bytes=0-3"]

  private static func asks(_ version: String, boot: String, tag: String? = nil, serial: String = "0042") -> HTTPFields {
    var headers = magic
    headers[.raucSystemVersion] = version
    headers[.raucBootID] = boot
    headers[.raucMachineID] = "4d3c"
    headers[.raucSerial] = serial
    headers[.raucVariant] = ""
    if let tag { headers[.ifNoneMatch] = tag }
    return headers
  }

  private static func bundle(_ version: UInt64) -> [UInt8] { imageBytes(RolloutWorld.imageSize, seed: version) }

  @Test(arguments: Door.allCases) func `takes a thing from one version to the next`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing(running: nil)
      let path = "/v2/things/\(thing.token)/rauc"
      let none = try await world.front.get(path, Self.asks("1", boot: "b1"))
      #expect(none.status == 204 && none.bytes.isEmpty && none.headers[.eTag] == nil)
      let id = try await world.begin()
      let first = try await world.front.get(path, Self.asks("1", boot: "b1"))
      #expect(first.status == 206 && first.bytes == Array(Self.bundle(2)[..<4]) && first.length == 4)
      #expect(first.headers[.contentRange] == "bytes 0-3/100")
      #expect(first.headers[.lastModified] == "Sun, 15 Jun 2025 15:06:40 GMT")
      #expect(first.headers[.cacheControl] == "no-cache, no-transform")
      if door == .socket { #expect(first.headers[.date] != nil) }
      let tag = first.headers[.eTag] ?? ""
      #expect(tag.hasPrefix("\"sha256:"))
      let again = try await world.front.get(path, Self.asks("1", boot: "b1", tag: tag))
      #expect(again.status == 304 && again.bytes.isEmpty && again.headers[.eTag] == tag)
      #expect(try await world.front.get(path, Self.asks("1", boot: "b1", tag: "\"other\"")).status == 206)
      for range in ["0-49", "50-99", "96-"] {
        let bounds = range.split(separator: "-").compactMap { Int($0) }
        let read = try await world.front.get(path, [.range: "bytes=\(range)"])
        #expect(read.status == 206 && read.bytes == Array(Self.bundle(2)[bounds[0]...(bounds.count > 1 ? bounds[1] : 99)]))
      }
      #expect(try await world.front.get(path, [.range: "bytes=100-"]).status == 416)
      #expect(try await world.counts(id) == ["downloaded": 1])
      let after = try await world.front.get(path, Self.asks("2", boot: "b2", tag: tag, serial: "0043"))
      #expect(after.status == 204, "what runs already would be installed again")
      #expect(try await world.counts(id) == ["confirmed": 1])
      let all = try await world.front.get("/v2/things/\(thing.token)/all_resources?limit=100").json()
      guard case .array(let resources) = all else { throw CancellationError() }
      let kept = resources.map { resource in
        let values = DocumentedJourney.entries(resource, "values").compactMap { $0["value"]?.text }
        return "\(resource["key"]?.text ?? "") \(values.sorted().joined(separator: " "))"
      }
      #expect(kept.sorted() == ["rauc.machine-id 4d3c", "rauc.serial 0042 0043"])
    }
  }

  @Test(arguments: Door.allCases) func `HEAD and a plain GET have the whole bundle`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing()
      let path = "/v2/things/\(thing.token)/rauc"
      #expect(try await world.front.send(.head, path).status == 204)
      _ = try await world.begin()
      let head = try await world.front.send(.head, path, Self.magic)
      #expect(head.status == 200 && head.bytes.isEmpty && head.length == 100)
      let whole = try await world.front.get(path)
      #expect(whole.status == 200 && whole.bytes == Self.bundle(2) && whole.headers[.eTag] == head.headers[.eTag])
    }
  }

  @Test func `a bundle that was begun is read to its end, and a newer one is found by the next question`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let path = "/v2/things/\(thing.token)/rauc"
      _ = try await world.begin()
      #expect(try await world.front.get(path, Self.asks("1", boot: "b1")).bytes == Array(Self.bundle(2)[..<4]))
      _ = try await world.begin(#""version":"3""#)
      let rest = try await world.front.get(path, [.range: "bytes=4-"])
      #expect(rest.status == 206 && rest.bytes == Array(Self.bundle(2)[4...]))
      // By If-Range only what it names (RFC 9110 section 13.1.5).
      let other = try await world.front.get(path, [.range: "bytes=4-", .ifRange: "\"other\""])
      #expect(other.status == 200 && other.bytes == Self.bundle(2))
      // RAUC that may say nothing of its system still begins with the magic number.
      #expect(try await world.front.get(path, Self.magic).bytes == Array(Self.bundle(3)[..<4]))
      #expect(try await world.front.get(path, [.range: "bytes=4-9"]).bytes == Array(Self.bundle(3)[4..<10]))
    }
  }

  @Test func `a pause holds it in the middle, and it goes on where it was`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let path = "/v2/things/\(thing.token)/rauc"
      let id = try await world.begin()
      #expect(try await world.front.get(path, Self.magic).status == 206)
      try await world.act("pause", id)
      let held = try await world.front.get(path, [.range: "bytes=4-49"])
      #expect(held.status == 503 && held.headers[.retryAfter] != nil)
      #expect(try await world.front.get(path, Self.magic).status == 204)
      try await world.act("resume", id)
      #expect(try await world.front.get(path, [.range: "bytes=4-49"]).bytes == Array(Self.bundle(2)[4..<50]))
    }
  }

  @Test func `it speaks of the first MCU`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let thing = try await world.thing(running: nil)
      let path = "/v2/things/\(thing.token)/rauc"
      _ = try await world.begin(#""firmwares":["\#(world.firmwares["main 2"] ?? "")"]"#)
      #expect(try await world.front.get(path, Self.asks("1", boot: "b1")).status == 206)
      #expect(try await world.front.get(path, Self.asks("2", boot: "b2")).status == 204)
      #expect(try await world.front.get(path, Self.asks("\u{1}", boot: "b2")).status != 206)
    }
  }
}
