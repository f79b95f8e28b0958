import Domain
import Foundation
import TestSupport
import Testing

@testable import Mail

@Suite("The folder of mails") struct OutboxFolderTests {
  private func mail(_ recipient: String = "eve@example.com") -> OutgoingMail {
    OutgoingMail(
      id: "1.5", recipient: recipient, subject: "Hello", text: "x", createdAt: Timestamp(milliseconds: 1_795_271_879_000))
  }

  @Test func `gets each mail once, readable by its user alone`() async throws {
    let folder = try TemporaryFolder()
    let outbox = OutboxFolder(path: folder.path + "/outbox", sender: MailMessageTests.sender)
    // What a crash left in the middle of a write is no hindrance.
    try FileManager.default.createDirectory(atPath: folder.path + "/outbox", withIntermediateDirectories: true)
    try folder.write(Data("half".utf8), to: "outbox/20261121T143759Z-1.5.eml.new")
    for _ in 0..<2 { try await outbox.send(mail()) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/outbox") == ["20261121T143759Z-1.5.eml"])
    let file = folder.path + "/outbox/20261121T143759Z-1.5.eml"
    #expect(FileManager.default.contents(atPath: file) == Data(try MailMessage(mail(), from: MailMessageTests.sender).bytes))
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func `that cannot be written is told of, and a recipient that is none is refused for good`() async throws {
    let folder = try TemporaryFolder()
    let outbox = OutboxFolder(path: folder.path + "/missing/outbox", sender: MailMessageTests.sender)
    let error = await #expect(throws: MailError.self) { try await outbox.send(mail()) }
    #expect(error?.code == .storage && error?.isPermanent == false)
    let refusal = await #expect(throws: MailError.self) { try await outbox.send(mail("nobody")) }
    #expect(refusal?.isPermanent == true)
  }
}
