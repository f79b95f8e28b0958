import Domain
import Foundation
import TestSupport
import Testing

/// What the service is told about mail.
@Suite struct ServeMailTests {
  @Test(arguments: [
    (["--smtp-url", "http://ada:secret@mail.example.org"], "smtpUrl: begins with none of"),
    (["--smtp-url", "smtp://ada:secret@"], "smtpUrl: has no host"),
    (["--smtp-url", "smtp+plain://ada:secret@mail.example.org"], "smtpUrl: a user and a password without TLS"),
    (["--smtp-url", "smtp://mail.example.org", "--smtp-ca-file", "/nowhere.pem"], "the certificates of /nowhere.pem"),
    (["--mail-from", "nobody"], "mailFrom: nobody is no mail address"),
    (["--smtp-ca-file", "/nowhere.pem"], "smtpCaFile: is of no use without smtpUrl"),
  ])
  func aSettingThatIsNoneIsRefusedAndNoPasswordIsTold(arguments: [String], message: String) async throws {
    let folder = try TemporaryFolder()
    let sender = arguments.contains("--mail-from") ? [] : ["--mail-from", "firmament@example.org"]
    let result = try await Program.run(
      Program.firmament, ["serve", "--store", folder.path + "/store", "--port", "0"] + sender + arguments)
    #expect(result.status == 1 && result.errors.contains(message), "\(result.errors)")
    #expect(!result.errors.contains("secret") && !result.output.contains("secret"))
  }

  @Test func aMailServerNeedsASender() async throws {
    let folder = try TemporaryFolder()
    let result = try await Program.run(
      Program.firmament, ["serve", "--store", folder.path + "/store", "--port", "0"],
      environment: ["FIRMAMENT_SMTP_URL": "smtps://ada:secret@mail.example.org"])
    #expect(result.status == 1 && result.errors.contains("mailFrom: is needed with smtpUrl"), "\(result.errors)")
    #expect(!result.errors.contains("secret"))
    let plain = try await Program.run(
      Program.firmament, ["serve", "--store", folder.path + "/store", "--port", "0"],
      environment: [
        "FIRMAMENT_SMTP_URL": "smtps://mail.example.org", "FIRMAMENT_MAIL_FROM": "a@b", "FIRMAMENT_SMTP_PLAIN_LOGIN": "perhaps",
      ])
    #expect(plain.status == 1 && plain.errors.contains("smtpPlainLogin: true or false is needed, not perhaps"))
  }

  @Test func theOutboxIsShownToOperatorsAndAServerWithAMailServerEndsAtOnce() async throws {
    let workshop = try await Workshop.open(serve: [
      "--smtp-url", "smtp://ada:secret@127.0.0.1:1", "--mail-from", "firmament@example.org",
    ])
    #expect(try await workshop.command("user", "outbox") == "There are no mails.\n")
    #expect(try await workshop.json("user", "outbox")["mails"]?.elements?.isEmpty == true)
    #expect(await workshop.server.terminate() == 0)
    #expect(!workshop.server.log.contains("secret"))
  }
}
