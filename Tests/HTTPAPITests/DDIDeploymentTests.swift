import Cryptography
import Domain
import FirmwareService
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPAPI

@Suite("An update as a device of DDI reads it") struct DDIDeploymentTests {
  /// What other programs say of the bytes.
  private static func digest(_ program: DigestProgram, of bytes: [UInt8]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try program.digest(ofFile: path)
  }

  @Test(arguments: Door.allCases) func `has every member that a device asks for, in the words of hawkBit`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      _ = try await world.begin()
      let link = try await device.links()["deploymentBase"] ?? ""
      let action = try await device.action() ?? ""
      #expect(Int32(action) != nil)
      let answer = try await device.get(link)
      #expect(answer.status == 200 && answer.type == "application/hal+json" && answer.length == answer.bytes.count)
      let image = imageBytes(RolloutWorld.imageSize, seed: 2)
      let poll = try await device.get().json()
      let origin = poll["_links"]?["deploymentBase"]?["href"]?.text?.components(separatedBy: "/DEFAULT/").first ?? ""
      #expect(origin.hasPrefix("http://"))
      let file = JSONValue.string("\(origin)/DEFAULT/controller/v1/dev-1\(try await device.file())")
      let sum = JSONValue.string("\(file.text ?? "").MD5SUM")
      let artifact = JSONValue.object([
        "filename": .string("lamp-main-2.bin"), "size": .integer(100),
        "hashes": .object([
          "sha1": .string(try Self.digest(.sha1sum, of: image)), "md5": .string(try Self.digest(.md5sum, of: image)),
          "sha256": .string(ImageDigest(bytes: SHA256Hasher.digest(of: image))?.hex ?? ""),
        ]),
        "_links": .object([
          "download": .object(["href": file]), "download-http": .object(["href": file]), "md5sum": .object(["href": sum]),
          "md5sum-http": .object(["href": sum]),
        ]),
      ])
      let chunk = JSONValue.object([
        "part": .string("bApp"), "version": .string("2"), "name": .string("lamp-main"), "artifacts": .array([artifact]),
      ])
      let deployment = JSONValue.object([
        "download": .string("forced"), "update": .string("forced"), "chunks": .array([chunk]),
      ])
      #expect(try answer.json() == .object(["id": .string(action), "deployment": deployment]))
      // All of it may be asked for as often as a device likes, and under a tag.
      #expect(try await device.get(link).bytes == answer.bytes)
      let same = try await device.get(link, [.ifNoneMatch: answer.headers[.eTag] ?? ""])
      #expect(same.status == 304 && same.bytes.isEmpty)
      // The list of the module has the same artifact.
      let list = try await device.get(try await device.file().components(separatedBy: "/lamp-").first ?? "")
      #expect(try list.json() == .array([artifact]))
    }
  }

  @Test func `has links that begin where the device reaches the service`() async throws {
    let test = try await TestService { $0.trustedProxies = ["127.0.0.1"] }
    try await test.createModel()
    try await test.release("2", imageBytes(10), sequence: 2)
    try await test.open(.socket) { front in
      let world = RolloutWorld(test: test, front: front, firmwares: [:], mcus: ["main"])
      let device = try await world.device()
      for (headers, origin): (HTTPFields, String) in [
        ([.xForwardedProto: "https", .xForwardedHost: "ota.example.com"], "https://ota.example.com/"),
        ([.forwarded: "proto=https;host=\"ota.example.com:8443\""], "https://ota.example.com:8443/"),
        ([.xForwardedProto: "https", .xForwardedHost: "evil/<a>"], "https://"), ([:], "http://"),
      ] {
        let poll = try await device.get("", headers)
        let href = try poll.json()["_links"]?["deploymentBase"]?["href"]?.text ?? ""
        #expect(href.hasPrefix(origin) && !href.contains("<"), "\(href)")
        let link = href.components(separatedBy: "/controller/v1/dev-1").last ?? ""
        let body = try await device.get(link, headers)
        #expect(body.status == 200)
        let hrefs = body.text.components(separatedBy: "\"href\":\"").dropFirst()
        #expect(hrefs.count == 4 && hrefs.allSatisfy { $0.hasPrefix(origin) && $0.contains("/DEFAULT/controller/v1/dev-1/") })
      }
    }
    let settings = try await TestService(service: { $0.publicURL = "https://public.example" })
    try await settings.createModel()
    try await settings.open(.router) { front in
      let world = RolloutWorld(test: settings, front: front, firmwares: [:], mcus: ["main"])
      let answer = try await world.device(running: nil).get("", [.xForwardedHost: "evil.example"])
      #expect(answer.text.contains("\"https://public.example/DEFAULT/controller/v1/dev-1/configData\""))
    }
  }

  @Test(arguments: [["radio", "main"], ["main", "radio"]])
  func `has all MCUs at once, in the order of the firmwares, each as the part that it is`(order: [String]) async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      try await world.set(#"{"modules":{"radio":{"moduleType":"os"},"main":{"part":"app"}}}"#)
      let device = try await world.device()
      let ids = order.map { "\"\(world.firmwares["\($0) 2"] ?? "")\"" }.joined(separator: ",")
      let id = try await world.begin(#""firmwares":[\#(ids)]"#)
      let action = try await device.action() ?? ""
      let chunks = DocumentedJourney.entries(try await device.deployment(action)["deployment"] ?? .null, "chunks")
      #expect(chunks.compactMap { $0["name"]?.text } == order.map { "lamp-\($0)" })
      #expect(chunks.compactMap { $0["part"]?.text } == order.map { $0 == "main" ? "app" : "os" })
      for mcu in order {
        let bytes = try await device.fetch(mcu: mcu).bytes
        #expect(bytes == imageBytes(RolloutWorld.imageSize, seed: 2))
      }
      #expect(try await world.counts(id) == ["downloaded": 1])
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.state(mcu: 0) == "installed")
      #expect(try await device.state(mcu: 1) == "installed")
      #expect(try await world.counts(id) == ["installed": 1])
      #expect(try await device.tell(#""sw_version":"2","sw_version_radio":"2""#) == 200)
      #expect(try await world.counts(id) == ["confirmed": 1])
      #expect(try await device.action() == nil)
      #expect(try await device.state(mcu: 1) == "confirmed")
    }
  }

  @Test func `tells as many of the device's messages as it asks for, newest first`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.deployment("\(action)?actionHistory=-1")["actionHistory"] == nil)
      for (execution, details) in [("scheduled", #"["one","two"]"#), ("download", #"["three"]"#)] {
        #expect(try await device.report(execution, on: action, "deploymentBase", #","code":7,"details":\#(details)"#) == 200)
      }
      let status = JSONValue.string("Device reported status code: 7")
      let all: [JSONValue] = [status, .string("three"), status, .string("two"), .string("one")]
      for (query, count) in [("1", 1), ("3", 3), ("-1", 5), ("100", 5), ("5000", 5)] {
        let history = try await device.deployment("\(action)?actionHistory=\(query)")["actionHistory"]
        #expect(history == .object(["status": .string("DOWNLOAD"), "messages": .array(Array(all.prefix(count)))]), "\(query)")
      }
      #expect(try await device.deployment("\(action)?actionHistory=0")["actionHistory"] == nil)
      #expect(try await device.get("/deploymentBase/\(action)?actionHistory=x").status == 400)
    }
  }

  @Test func `is nobody else's, and what is installed once it is`() async throws {
    try await RolloutWorld.play { world in
      let (device, other) = (try await world.device("dev-1"), try await world.device("dev-2"))
      _ = try await world.begin()
      let action = try await device.action() ?? ""
      for name in ["deploymentBase", "installedBase", "confirmationBase", "cancelAction"] {
        #expect(try await other.get("/\(name)/\(action)").status == 404, "\(name)")
        if name != "installedBase" {
          #expect(try await other.report("closed", "success", on: action, name) == (name == "confirmationBase" ? 400 : 404))
        }
      }
      for name in ["installedBase", "confirmationBase", "cancelAction"] {
        #expect(try await device.get("/\(name)/\(action)").status == 404, "\(name)")
      }
      #expect(try await device.state() == "offered")
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      let links = try await device.links()
      #expect(links == ["configData": "/configData", "installedBase": "/installedBase/\(action)"])
      let installed = try await device.deployment(action, "installedBase")
      #expect(try await device.deployment(action) == installed)
      #expect(installed["id"]?.text == action)
      let chunks = DocumentedJourney.entries(installed["deployment"] ?? .null, "chunks")
      #expect(chunks.compactMap { $0["version"]?.text } == ["2"], "also once it runs it")
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await device.links() == ["installedBase": "/installedBase/\(action)"])
      #expect(try await device.deployment(action, "installedBase") == installed)
    }
  }
}
