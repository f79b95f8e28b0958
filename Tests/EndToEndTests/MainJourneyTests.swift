import Domain
import Foundation
import TestSupport
import Testing

/// The journey of the README: from an engineer's key to a confirmed thing, and the ways that it can turn.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MainJourneyTests {
  private let model = "greatfet-one"
  private let mcu = "lpc4330"

  /// A workshop with the model and two real images for it.
  private func openWorkshop(keyType: String = "ed25519") async throws -> (workshop: Workshop, first: String, second: String) {
    let workshop = try await Workshop.open(keyType: keyType)
    try await workshop.createModel(model, mcu: mcu)
    let images = try Corpus.fixtures.images()
    return (workshop, Corpus.fixtures.path(images[0]), Corpus.fixtures.path(images[1]))
  }

  @Test func aFirmwareTravelsFromAnEngineersKeyToAConfirmedThing() async throws {
    let workshop = try await Workshop.open()
    let modes = try [workshop.key, workshop.publicKey].map {
      try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int
    }
    #expect(modes == [0o600, 0o644])
    try await workshop.command("model", "create", model, "--mcu", mcu)
    try await workshop.command("model", "trust", model, "engineer.pub.pem")
    let image = Corpus.fixtures.path(try Corpus.fixtures.images()[0])
    try await workshop.command(
      "upload", image, "--model", model, "--mcu", mcu, "--version", "2024.0.1", "--key", "engineer.pem", "--publish")
    let codes = try await workshop.command("code", "create", model, "--count", "100", "--csv").split(separator: "\n")
    #expect(codes.count == 101)
    #expect(codes[0].hasPrefix("code,model,"))
    let code = try #require(codes[1].split(separator: ",").first.map(String.init))
    #expect(code.utf8.count <= 34)
    #expect(try await workshop.counts(model, "2024.0.1") == [:])

    let activation = try await workshop.activate(code: code)
    #expect(activation.status == 201)
    #expect(activation.json?.names == ["status", "message", "thingToken"])
    #expect(activation.json?["status"] == .string("created"))
    let token = try #require(activation.json?["thingToken"]?.text)
    #expect(token.utf8.count == 43)
    let thing = CurlThing(server: workshop.server.url, token: token)
    #expect(try await workshop.counts(model, "2024.0.1") == [:])

    let poll = try await thing.poll()
    #expect(poll.status == 200)
    let entry = try #require(poll.json?["firmwares"]?[0])
    let id = try #require(entry["_id"]?.text)
    #expect(poll.text.hasPrefix("{\"status\":\"success\",\"firmwares\":[{\"_id\":\"\(id)\",\"version\":\"2024.0.1\",\"mcu\":"))
    #expect(entry["update"] == .bool(true))
    #expect(entry["url"] == .string("/v2/things/\(token)/firmwares/download/\(id)"))
    #expect(try await workshop.counts(model, "2024.0.1") == ["offered": 1])

    let downloaded = try await Program.run(
      "curl", ["--silent", "--show-error", "-OJ", thing.downloadURL(id)], in: workshop.folder.path)
    #expect(downloaded.status == 0, "\(downloaded.errors)")
    let saved = "\(workshop.folder.path)/greatfet-one-lpc4330-2024.0.1.bin"
    #expect(try SeededImage.sha256(ofFile: saved) == entry["sha256"]?.text)
    #expect(FileManager.default.contentsEqual(atPath: saved, andPath: image))
    // The server sees the end of a download a moment after the client.
    try await eventually("the download is counted") {
      try await workshop.counts(model, "2024.0.1") == ["downloaded": 1]
    }

    let report =
      "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"mcu\":\"lpc4330\",\"version\":\"2024.0.1\",\"status\":\"installed\"}}]}"
    let written = try await Curl.ask(["-d", report, thing.base])
    #expect(written.status == 201)
    #expect(written.text == "{\"status\":\"created\",\"message\":\"created\"}")
    #expect(try await workshop.counts(model, "2024.0.1") == ["installed": 1])
    let read = try await Curl.ask(["\(thing.base)/resources/$firmware"])
    #expect(read.json?[0]?["value"]?["status"] == .string("installed"))

    let confirming = try await thing.poll(mcu: mcu, version: "2024.0.1")
    #expect(confirming.json?["firmwares"]?[0]?["update"] == .bool(false))
    #expect(try await workshop.counts(model, "2024.0.1") == ["confirmed": 1])
    #expect(try await workshop.counts("greatfet-one", "2024.0.1") == ["confirmed": 1])
    let explained = try await workshop.json("thing", "show", try await workshop.onlyThing(of: model))
    #expect(explained["mcus"]?[0]?["reason"] == .string("upToDate"))
    #expect(explained["mcus"]?[0]?["version"] == .string("2024.0.1"))
    #expect(explained["mcus"]?[0]?["firmware"]?["state"] == .string("confirmed"))
    try await expectSoundAndStop(workshop.server)
  }

  @Test func statusNamesEveryStateOfEveryFirmwareAndWritesZeros() async throws {
    let (workshop, first, _) = try await openWorkshop()
    try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0", publish: false)
    let firmware = try #require(try await workshop.json("status")["firmwares"]?[0])
    #expect(firmware["model"] == .string(model))
    #expect(firmware["mcu"] == .string(mcu))
    #expect(firmware["version"] == .string("1.0.0"))
    let states = [
      "offered", "downloading", "downloaded", "installing", "installed", "confirmed", "claimed", "failed", "rejected",
      "rolledBack",
    ]
    #expect(firmware["counts"] == .object(Dictionary(uniqueKeysWithValues: states.map { ($0, .integer(0)) })))
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aThingThatFallsBackIsNotOfferedTheFirmwareAgainUntilAnOperatorSaysSo() async throws {
    let (workshop, first, second) = try await openWorkshop()
    try await workshop.upload(first, model: model, mcu: mcu, version: "2024.0.1")
    let thing = try await workshop.newThing(model)
    let thingID = try await workshop.onlyThing(of: model)
    _ = try await thing.poll(mcu: mcu, version: "2024.0.1", boot: "boot-1")
    let id = try await workshop.upload(second, model: model, mcu: mcu, version: "2024.0.2")

    let offer = try await thing.poll()
    #expect(offer.json?["firmwares"]?[0]?["_id"] == .string(id))
    #expect(offer.json?["firmwares"]?[0]?["update"] == .bool(true))
    #expect(try await workshop.counts(model, "2024.0.2") == ["offered": 1])
    #expect(try await thing.report(mcu: mcu, version: "2024.0.2", status: "downloading").status == 201)
    #expect(try await workshop.counts(model, "2024.0.2") == ["downloading": 1])
    #expect(try await thing.report(mcu: mcu, version: "2024.0.2", status: "installed").status == 201)
    #expect(try await workshop.counts(model, "2024.0.2") == ["installed": 1])

    // Not rebooted yet: the boot value is the one from before.
    let waiting = try await thing.poll(mcu: mcu, version: "2024.0.1", boot: "boot-1")
    #expect(waiting.json?["firmwares"]?[0]?["version"] == .string("2024.0.1"))
    #expect(waiting.json?["firmwares"]?[0]?["update"] == .bool(false))
    #expect(try await workshop.counts(model, "2024.0.2") == ["installed": 1])

    let fallen = try await thing.poll(mcu: mcu, version: "2024.0.1", boot: "boot-2")
    #expect(fallen.json?["firmwares"]?.elements?.count == 1)
    #expect(fallen.json?["firmwares"]?[0]?["version"] == .string("2024.0.1"))
    #expect(fallen.json?["firmwares"]?[0]?["update"] == .bool(false))
    #expect(try await workshop.counts(model, "2024.0.2") == ["rolledBack": 1])
    #expect(try await thing.poll().json?["firmwares"]?[0]?["version"] == .string("2024.0.1"))
    let refused = try await thing.download(id)
    #expect(refused.status == 403)
    #expect(refused.json?["status"] == .string("error"))
    #expect(refused.json?["code"] == .integer(403))
    #expect(try await thing.manifest(id).status == 403)
    let explained = try #require(try await workshop.json("thing", "show", thingID)["mcus"]?[0])
    #expect(explained["reason"] == .string("rolledBack"))
    #expect(explained["offer"] == nil || explained["offer"] == .null)
    #expect(explained["explanation"]?.text?.contains("thing retry") == true)
    #expect(explained["firmware"]?["state"] == .string("rolledBack"))

    try await workshop.command("thing", "retry", thingID)
    #expect(try await thing.poll().json?["firmwares"]?[0]?["_id"] == .string(id))
    #expect(try await workshop.counts(model, "2024.0.2") == ["offered": 1])
    #expect(try await thing.download(id).status == 200)
    #expect(try await thing.report(mcu: mcu, version: "2024.0.2", status: "installed").status == 201)
    #expect(try await thing.report(mcu: mcu, version: "2024.0.2", boot: "boot-3").status == 201)
    #expect(try await workshop.counts(model, "2024.0.2") == ["confirmed": 1])
    #expect(try await thing.poll().json?["firmwares"]?[0]?["update"] == .bool(false))
    try await expectSoundAndStop(workshop.server)
  }

  @Test(arguments: ["failed", "rejected"])
  func aFirmwareThatAThingCouldNotTakeIsHeldBackFromIt(status: String) async throws {
    let (workshop, first, _) = try await openWorkshop()
    let id = try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    #expect(try await thing.poll().json?["firmwares"]?[0]?["_id"] == .string(id))
    #expect(try await thing.report(mcu: mcu, version: "1.0.0", status: status).status == 201)
    #expect(try await workshop.counts(model, "1.0.0") == [status: 1])
    #expect(try await thing.poll().json?["firmwares"] == .array([]))
    #expect(try await thing.download(id).status == 403)
    try await workshop.command("thing", "retry", try await workshop.onlyThing(of: model))
    #expect(try await thing.poll().json?["firmwares"]?[0]?["_id"] == .string(id))
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aThingThatDoesNotConfirmInTimeIsTakenToHaveFallenBack() async throws {
    let workshop = try await Workshop.open()
    try await workshop.command("model", "create", model, "--mcu", mcu, "--confirm-within", "2s")
    try await workshop.command("model", "trust", model, workshop.publicKey)
    let image = Corpus.fixtures.path(try Corpus.fixtures.images()[0])
    let id = try await workshop.upload(image, model: model, mcu: mcu, version: "2.0.0")
    let thing = try await workshop.newThing(model)
    #expect(try await thing.poll(version: "1.0.0").json?["firmwares"]?[0]?["_id"] == .string(id))
    #expect(try await thing.report(mcu: mcu, version: "2.0.0", status: "installed").status == 201)
    _ = try await thing.poll(version: "1.0.0")
    #expect(try await workshop.counts(model, "2.0.0") == ["installed": 1])
    try await eventually("the time to confirm passes") {
      _ = try await thing.poll(version: "1.0.0")
      return try await workshop.counts(model, "2.0.0") == ["rolledBack": 1]
    }
    #expect(try await thing.download(id).status == 403)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aDownloadInPiecesIsDoneWhenEveryByteWasServed() async throws {
    let (workshop, first, _) = try await openWorkshop()
    let id = try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    #expect(try await thing.poll().status == 200)
    #expect(try await thing.download(id, "--head").status == 200)
    #expect(try await workshop.counts(model, "1.0.0") == ["offered": 1])
    let size = sizeOfFile(first)
    for range in ["5000-9999", "0-4999", "10000-\(size - 2)", "0-9999"] {
      #expect(try await thing.download(id, "--range", range).status == 206)
    }
    #expect(try await workshop.counts(model, "1.0.0") == ["downloading": 1])
    #expect(try await thing.download(id, "--range", "-1").status == 206)
    try await eventually("the last byte is counted") {
      try await workshop.counts(model, "1.0.0") == ["downloaded": 1]
    }
    try await expectSoundAndStop(workshop.server)
  }

  @Test func onlyWhatIsPublishedIsOfferedAndServed() async throws {
    let (workshop, first, _) = try await openWorkshop()
    let id = try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0", publish: false)
    let thing = try await workshop.newThing(model)
    let empty = try await thing.poll().text
    #expect(empty.wholeMatch(of: /{"status":"success","firmwares":\[\],"retryAfter":[0-9]+}/) != nil, "\(empty)")
    #expect(try await thing.download(id).status == 404)
    #expect(try await thing.manifest(id).status == 404)
    try await workshop.command("firmware", "publish", id)
    #expect(try await thing.poll().json?["firmwares"]?[0]?["_id"] == .string(id))
    #expect(try await thing.download(id).status == 200)
    try await workshop.command("firmware", "withdraw", id)
    #expect(try await thing.poll().json?["firmwares"] == .array([]))
    #expect(try await thing.download(id).status == 404)
    // The same upload again with `--publish` publishes what is registered, and registers nothing.
    #expect(try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0") == id)
    #expect(try await thing.poll().json?["firmwares"]?[0]?["_id"] == .string(id))
    #expect(try await workshop.json("firmware", "list")["firmwares"]?.elements?.count == 1)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aThingIsServedNothingOfAnotherModel() async throws {
    let (workshop, first, _) = try await openWorkshop()
    let id = try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0")
    try await workshop.createModel("lamp", mcu: "esp32")
    let lamp = try await workshop.newThing("lamp")
    #expect(try await lamp.poll().json?["firmwares"] == .array([]))
    #expect(try await lamp.download(id).status == 404)
    #expect(try await lamp.manifest(id).status == 404)
    try await expectSoundAndStop(workshop.server)
  }

  @Test(arguments: ["ed25519", "ecdsa-p256"])
  func anImageIsVerifiedWithNothingButOpenSSL(keyType: String) async throws {
    let (workshop, first, second) = try await openWorkshop(keyType: keyType)
    let id = try await workshop.upload(first, model: model, mcu: mcu, version: "1.0.0")
    let thing = try await workshop.newThing(model)
    let (envelope, image) = (try await thing.manifest(id), try await thing.download(id))
    #expect(envelope.json?["payloadType"] == .string("application/vnd.firmament.manifest+json"))

    let verified = try await ImageVerification.run(
      envelope: envelope.body, image: image.body, publicKey: workshop.publicKey)
    #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
    let manifest = try JSONValue.reading(String(try #require(verified.output.split(separator: "\n").last)))
    #expect(manifest.names == ["createdAt", "mcu", "model", "sequence", "sha256", "size", "version"])
    #expect(manifest["model"] == .string(model))
    #expect(manifest["sha256"] == .string(image.body.sha256))

    // And it would tell: another image, another key, a manifest that says something else.
    let other = Array(try Data(contentsOf: URL(fileURLWithPath: second)))
    #expect(try await ImageVerification.run(envelope: envelope.body, image: other, publicKey: workshop.publicKey).status != 0)
    let stranger = "\(workshop.folder.path)/stranger"
    try await workshop.command("key", "generate", "\(stranger).pem", "--type", keyType)
    let strange = try await ImageVerification.run(
      envelope: envelope.body, image: image.body, publicKey: "\(stranger).pub.pem")
    #expect(strange.status != 0)
    let payload = try #require(envelope.json?["payload"]?.text)
    let bytes = String(decoding: try #require(Data(base64Encoded: payload)), as: UTF8.self)
    let forged = Data(bytes.replacingOccurrences(of: "1.0.0", with: "9.0.0").utf8).base64EncodedString()
    let forgery = Array(envelope.text.replacingOccurrences(of: payload, with: forged).utf8)
    #expect(try await ImageVerification.run(envelope: forgery, image: image.body, publicKey: workshop.publicKey).status != 0)
    try await expectSoundAndStop(workshop.server)
  }
}
