import Domain
import Foundation
import TestSupport
import Testing

/// The service speaks TLS by itself, to the clients that devices and operators have.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TLSServeTests {
  @Test(arguments: CertificateAuthority.KeyForm.allCases)
  func everyFormOfKeyServesTheTwoVersionsOfTLSAndNoOlderOne(form: CertificateAuthority.KeyForm) async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("server", for: .server, key: form)
    let server = try await RunningServer.start(store: authority.folder.path + "/store", arguments: served.serving)
    #expect(server.url.hasPrefix("https://127.0.0.1:"))
    let trusting = ["--cacert", authority.certificate]
    #expect(try await Curl.ask(trusting + ["--tlsv1.3", "\(server.url)/healthz"]).status == 200)
    #expect(try await Curl.ask(trusting + ["--tls-max", "1.2", "\(server.url)/healthz"]).status == 200)
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
      let talk = try await SecureClient.ask(server.url, [version, "-CAfile", authority.certificate, "-verify_return_error"])
      #expect(talk.output.contains("New, \(name)") && talk.output.contains("HTTP/1.1 200 OK"), "\(talk.output)")
    }
    let old = try await SecureClient.ask(server.url, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
    #expect(!old.output.contains("HTTP/1.1") && old.output.contains("Cipher is (NONE)"), "\(old.output)")
    #expect(await server.terminate() == 0)
  }

  @Test func whatIsAskedByTLSIsAnsweredWithLinksAndCookiesForTLS() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("server", for: .server)
    try await withSecureWorkshop(authority, served.serving) { workshop in
      let server = workshop.server
      try await workshop.createModel(Workshop.model, mcu: Workshop.mcu)
      let gateway = try #require(try await workshop.json("model", "gateway-token", Workshop.model)["token"]?.text)
      for _ in 1...2 {
        let poll = try await Curl.ask([
          "--cacert", authority.certificate, "-H", "Authorization: GatewayToken \(gateway)",
          "\(server.url)/DEFAULT/controller/v1/dev-1",
        ])
        let link = poll.json?["_links"]?["configData"]?["href"]?.text
        #expect(link == "\(server.url)/DEFAULT/controller/v1/dev-1/configData")
      }
      let session = try await Curl.ask([
        "--cacert", authority.certificate, "-H", "Content-Type: application/json",
        "--data", "{\"token\":\"\(server.token)\"}", "\(server.url)/api/v1/session",
      ])
      #expect(session["set-cookie"]?.hasSuffix("; Secure") == true, "\(session.status) \(session.headers)")
    }
  }

  @Test func commandsFindTheServerOfAStoreHereAndAskOthersForTheirCertificate() async throws {
    let authority = try await CertificateAuthority()
    let stranger = try await CertificateAuthority("Stranger")
    let served = try await authority.certificate("server", for: .server)
    let server = try await RunningServer.start(store: authority.folder.path + "/store", arguments: served.serving)
    func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> ProgramResult {
      let nowhere = ["HOME": authority.folder.path, "XDG_CONFIG_HOME": authority.folder.path]
      return try await Program.run(
        Program.firmament, arguments, in: authority.folder.path, environment: nowhere.merging(environment) { $1 })
    }
    #expect(try await run(["model", "list"], ["FIRMAMENT_STORE": server.store]).status == 0)
    #expect(try await run(["store", "verify", "--store", server.store]).status == 0)
    // A token may begin with a hyphen.
    let given = ["--url", server.url, "--token=\(server.token)"]
    let named = ["model", "list"] + given
    #expect(try await run(named + ["--ca", authority.certificate]).status == 0)
    #expect(try await run(named, ["FIRMAMENT_CA": authority.certificate]).status == 0)
    for wrong in [[], ["--ca", stranger.certificate]] {
      let refused = try await run(named + wrong)
      #expect(refused.status == 1 && refused.errors.contains("FIRMAMENT_CA"), "\(refused)")
    }
    #expect(try await run(named + ["--ca", served.key]).errors.contains("holds no certificates"))
    let login = ["login"] + given
    #expect(try await run(login).status == 1)
    #expect(try await run(login + ["--ca", "ca.pem"]).status == 0)
    #expect(try await run(["model", "list"]).status == 0)
    #expect(await server.terminate() == 0)
  }

  @Test func theDevicePortSpeaksTLSUnlessItIsToldNotTo() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("server", for: .server)
    for (plain, scheme) in [([], "https"), (["--plain-device-port"], "http")] {
      let server = try await RunningServer.start(
        store: authority.folder.path + "/store", arguments: served.serving + ["--device-port", "0"] + plain)
      let devices = try #require(server.deviceURL)
      #expect(devices.hasPrefix("\(scheme)://127.0.0.1:"))
      #expect(try await Curl.ask(["--cacert", authority.certificate, "\(devices)/v2/utils/date"]).status == 200)
      #expect(await server.terminate() == 0)
    }
  }

  @Test func whoDoesNotSpeakTLSIsHungUpOnAndWhoDoesNotFinishTheHandshake() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("server", for: .server)
    let server = try await RunningServer.start(
      store: authority.folder.path + "/store", arguments: served.serving,
      environment: ["FIRMAMENT_HANDSHAKE_TIMEOUT": "1", "FIRMAMENT_IDLE_TIMEOUT": "86400", "FIRMAMENT_HEAD_TIMEOUT": "86400"])
    let plain = try RawConnection(server.url)
    await plain.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let answer = String(decoding: try await plain.readToEnd(), as: UTF8.self)
    #expect(!answer.contains("HTTP/1.1"))
    // The beginning of a ClientHello of 512 bytes, and nothing at all.
    for bytes in [[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00], []] as [[UInt8]] {
      let half = try RawConnection(server.url)
      await half.send(bytes)
      #expect(try await half.readToEnd().isEmpty)
    }
    #expect(try await Curl.ask(["--cacert", authority.certificate, "\(server.url)/healthz"]).status == 200)
    #expect(await server.terminate() == 0)
  }

  @Test func nothingThatIsOpenHoldsUpTheEnd() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("server", for: .server)
    let patient = ["FIRMAMENT_SHUTDOWN_TIMEOUT": "86400", "FIRMAMENT_HANDSHAKE_TIMEOUT": "86400"]
    try await withSecureWorkshop(authority, served.serving, patient) { workshop in
      try await workshop.createModel(Workshop.model, mcu: Workshop.mcu)
      let code = try await workshop.createCode(Workshop.model)
      let url = workshop.server.url
      let activated = try await Curl.ask([
        "--cacert", authority.certificate, "--data", "{\"activationCode\":\"\(code)\"}", "\(url)/v2/things",
      ])
      let token = try #require(activated.json?["thingToken"]?.text)
      let stream = try StartedProgram("curl", ["-sN", "--cacert", authority.certificate, "\(url)/v2/things/\(token)"])
      try await eventually("the stream is open") { stream.written.contains("subscribed") }
      let half = try RawConnection(url)
      await half.send([0x16, 0x03, 0x01])
      #expect(await workshop.server.terminate() == 0)
      #expect(await stream.result().status == 0)
    }
  }

  @Test func settingsThatDoNotGoTogetherAreRefusedAtTheStart() async throws {
    let authority = try await CertificateAuthority()
    let served = try await authority.certificate("server", for: .server)
    let other = try await authority.certificate("other", for: .server)
    let device = "--device-ca"
    for (arguments, words) in [
      (["--tls-certificate", served.certificate], "tlsKey: is needed"),
      (["--tls-key", served.key], "tlsCertificate: is needed"),
      ([device, authority.certificate], "deviceCa: is of no use without TLS"),
      (["--plain-device-port"], "plainDevicePort: is of no use without TLS"),
      (served.serving + ["--plain-device-port"], "plainDevicePort: is for the device port"),
      (["--tls-certificate", served.certificate, "--tls-key", other.key], "is not the key of the certificate"),
      (["--tls-certificate", served.key, "--tls-key", served.key], "holds no certificates"),
      (["--tls-certificate", served.certificate, "--tls-key", served.certificate], "is no private key"),
      (["--tls-certificate", "none.pem", "--tls-key", served.key], "tlsCertificate: none.pem cannot be read"),
      (served.serving + [device, served.key], "deviceCa: \(served.key) holds no certificates"),
    ] {
      let serve = ["serve", "--store", authority.folder.path + "/none", "--port", "0"]
      let result = try await Program.run(Program.firmament, serve + arguments)
      #expect(result.status == 1 && result.errors.contains(words), "\(arguments): \(result.errors)")
    }
  }
}

/// A workshop whose server speaks TLS, and whose commands trust its CA.
func withSecureWorkshop(
  _ authority: CertificateAuthority, _ serve: [String], _ environment: [String: String] = [:],
  _ body: (Workshop) async throws -> Void
) async throws {
  let workshop = try await Workshop.open(
    serve: serve, environment: environment, authority: authority.certificate)
  try await body(workshop)
  #expect(await workshop.server.terminate() == 0)
}
