import Domain
import Foundation
import TestSupport
import Testing

/// A certificate that the CA of the devices has signed is the identity of a thing.
@Suite(.serialized, .timeLimit(.minutes(10))) struct DeviceCertificateTests {
  private struct Fleet {
    let workshop: Workshop
    let server: CertificateAuthority
    let devices: CertificateAuthority
    let gateway: String

    func ask(_ path: String, _ arguments: [String] = []) async throws -> RawAnswer {
      try await Curl.ask(["--cacert", server.certificate] + arguments + [workshop.server.url + path])
    }

    func poll(_ name: String, _ arguments: [String] = []) async throws -> Int {
      try await ask("/DEFAULT/controller/v1/\(name)", arguments).status
    }

    /// Whether a client with these arguments gets as far as HTTP.
    func connects(_ arguments: [String]) async throws -> Bool {
      do { return try await ask("/healthz", arguments).status == 200 } catch is Curl.Failure { return false }
    }

    func activate() async throws -> String {
      let code = try await workshop.createCode(Workshop.model)
      let answer = try await ask("/v2/things", ["--data", "{\"activationCode\":\"\(code)\"}"])
      return try #require(answer.json?["thingToken"]?.text)
    }
  }

  private func withFleet(_ body: (Fleet) async throws -> Void) async throws {
    let server = try await CertificateAuthority()
    let devices = try await CertificateAuthority("Devices")
    let served = try await server.certificate("server", for: .server)
    try await withSecureWorkshop(server, served.serving + ["--device-ca", devices.certificate]) { workshop in
      try await workshop.createModel(Workshop.model, mcu: Workshop.mcu)
      let gateway = try #require(try await workshop.json("model", "gateway-token", Workshop.model)["token"]?.text)
      let fleet = Fleet(workshop: workshop, server: server, devices: devices, gateway: "Authorization: GatewayToken \(gateway)")
      try await body(fleet)
    }
  }

  @Test(arguments: ["1.2", "1.3"]) func aDeviceOfDDIComesByItsCertificateAlone(version: String) async throws {
    try await withFleet { fleet in
      let own = try await fleet.devices.certificate("dev-1").showing + ["--tls-max", version]
      // It makes no new thing, since it says no model.
      #expect(try await fleet.poll("dev-1", own) == 401)
      for name in ["dev-1", "dev-2"] { #expect(try await fleet.poll(name, ["-H", fleet.gateway]) == 200) }
      for _ in 1...2 { #expect(try await fleet.poll("dev-1", own) == 200) }
      #expect(try await fleet.poll("dev-2", own) == 401)
      #expect(try await fleet.poll("dev-1") == 401)
      let pretended = ["X-Ssl-Client-Cn", "X-Controller-Id", "X-Client-Cert", "X-SSL-Client-S-DN-CN"]
      #expect(try await fleet.poll("dev-1", pretended.flatMap { ["-H", "\($0): dev-1"] }) == 401)
      let metrics = try await fleet.ask("/metrics")
      let text = String(decoding: metrics.body, as: UTF8.self)
      #expect(text.contains("reason=\"unknownCertificate\"") && text.contains("reason=\"certificateOfAnotherName\""))
      let told = try await fleet.ask(
        "/DEFAULT/controller/v1/dev-1/configData",
        own + ["-X", "PUT", "-H", "Content-Type: application/json", "--data", #"{"data":{"hw":"1"}}"#])
      #expect(told.status == 200)
    }
  }

  @Test func onlyWhatTheCAOfTheDevicesHasSignedForNowIsTakenAndANameThatIsClear() async throws {
    try await withFleet { fleet in
      #expect(try await fleet.poll("dev-1", ["-H", fleet.gateway]) == 200)
      let stranger = try await CertificateAuthority("Devices").certificate("dev-1")
      let expired = try await fleet.devices.certificate("expired", subject: "/CN=dev-1", days: -1)
      let ofServer = try await fleet.devices.certificate("server-like", subject: "/CN=dev-1", for: .server)
      for wrong in [stranger, expired, ofServer] { #expect(try await fleet.connects(wrong.showing) == false) }
      let two = try await fleet.devices.certificate("two", subject: "/CN=dev-1/CN=dev-2")
      let none = try await fleet.devices.certificate("none", subject: "/O=dev-1")
      for unclear in [two, none] {
        #expect(try await fleet.connects(unclear.showing))
        #expect(try await fleet.poll("dev-1", unclear.showing) == 401)
      }
      #expect(try await fleet.connects([]))
    }
  }

  @Test func aThingThatHasItsOwnIdOnItsCertificateIsThatThingOnBothDoors() async throws {
    try await withFleet { fleet in
      let token = try await fleet.activate()
      let id = try await fleet.workshop.onlyThing(of: Workshop.model)
      let own = try await fleet.devices.certificate("own", subject: "/CN=\(id)").showing
      let poll = "/v2/things/\(token)/firmwares/latest"
      for _ in 1...2 { #expect(try await fleet.ask(poll, own).status == 200) }
      #expect(try await fleet.poll(id, own) == 200)
      // The certificate opens nothing in place of the token.
      #expect(try await fleet.ask("/v2/things/\(id)/firmwares/latest", own).status == 404)
    }
  }

  @Test func theTokenOfOneThingIsRefusedBesideTheCertificateOfAnother() async throws {
    try await withFleet { fleet in
      #expect(try await fleet.poll("dev-1", ["-H", fleet.gateway]) == 200)
      let token = try await fleet.activate()
      let path = "/v2/things/\(token)"
      let other = try await fleet.devices.certificate("dev-1").showing
      for target in [path, "\(path)/firmwares/latest", "\(path)/firmwares/latest?version=1", "\(path)/resources/a"] {
        expectThingError(try await fleet.ask(target, other), 403)
      }
      expectThingError(try await fleet.ask(path, other + ["--data", #"{"values":[{"key":"a","value":1}]}"#]), 403)
      #expect(try await fleet.poll("dev-9", other + ["-H", "Authorization: TargetToken \(token)"]) == 401)
      #expect(try await fleet.poll("dev-9", ["-H", "Authorization: TargetToken \(token)"]) == 200)
      // A gateway speaks for others, and a certificate whose name no thing has says nothing.
      #expect(try await fleet.poll("dev-2", other + ["-H", fleet.gateway]) == 200)
      let unknown = try await fleet.devices.certificate("somebody").showing
      #expect(try await fleet.ask("\(path)/firmwares/latest", unknown).status == 200)
      #expect(try await fleet.ask("\(path)/firmwares/latest").status == 200)
    }
  }

  @Test func whatAConnectionHasShownOfOneTokenSaysNothingOfAnother() async throws {
    try await withFleet { fleet in
      let token = try await fleet.activate()
      let id = try await fleet.workshop.onlyThing(of: Workshop.model)
      let other = try await fleet.activate()
      let own = try await fleet.devices.certificate("own", subject: "/CN=\(id)")
      let (mine, others) = ("/v2/things/\(token)/firmwares/latest", "/v2/things/\(other)/firmwares/latest")
      let talk = try await SecureClient.ask(
        fleet.workshop.server.url, ["-cert", own.certificate, "-key", own.key], mine, mine, others, mine, last: others)
      let statuses = talk.output.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
      #expect(statuses == ["200", "200", "403", "200", "403"], "\(talk.output)")
    }
  }

  @Test func aNameThatATokenTookIsNotTheCertificates() async throws {
    try await withFleet { fleet in
      let token = try await fleet.activate()
      let target = ["-H", "Authorization: TargetToken \(token)"]
      #expect(try await fleet.poll("dev-1", target) == 200)
      let certified = try await fleet.devices.certificate("dev-1").showing
      #expect(try await fleet.poll("dev-1", certified) == 401)
      #expect(try await fleet.poll("dev-1", target + certified) == 200)
    }
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"]) func aSessionThatIsResumedIsStillTheDevices(version: String) async throws {
    try await withFleet { fleet in
      #expect(try await fleet.poll("dev-1", ["-H", fleet.gateway]) == 200)
      let own = try await fleet.devices.certificate("dev-1")
      let session = fleet.devices.folder.path + "/session.pem"
      let (url, path) = (fleet.workshop.server.url, "/DEFAULT/controller/v1/dev-1")
      let shown = [version, "-cert", own.certificate, "-key", own.key]
      let first = try await SecureClient.ask(url, shown + ["-sess_out", session], last: path)
      #expect(first.output.contains("HTTP/1.1 200 OK"), "\(first.output)")
      let again = try await SecureClient.ask(url, [version, "-sess_in", session], last: path)
      #expect(again.output.contains("Reused, ") && again.output.contains("HTTP/1.1 200 OK"), "\(again.output)")
    }
  }
}
