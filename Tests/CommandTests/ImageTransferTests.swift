import APIClient
import Domain
import Foundation
import Synchronization
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct ImageTransferTests {
  private let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) }

  /// Uploads to a server with a script, and gives what it saw.
  private func upload(_ server: ScriptedServer, content: [UInt8]? = nil) async throws -> ImageTransfer.Outcome {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("upload-\(UUID().uuidString).bin")
    try Data(content ?? bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let address = try await server.start()
    let image = try ImageFile(reading: file.path)
    let outcome: Result<ImageTransfer.Outcome, any Error>
    do {
      outcome = .success(
        try await ServerConnection.with(try ServerAddress(address)) { connection in
          let client = OperatorClient(connection, token: "t")
          return try await ImageTransfer(client, file: file.path, digest: image.digest, size: image.size).run(progress: { _ in }
          )
        })
    } catch { outcome = .failure(error) }
    try await server.stop()
    return try outcome.get()
  }

  @Test func `an image goes over in one request, and what is stored is not sent again`() async throws {
    let server = ScriptedServer()
    #expect(try await upload(server) == .sent)
    #expect(server.stored == bytes)
    #expect(server.requests == ["HEAD", "PUT"])
    #expect(try await upload(server) == .alreadyStored)
    #expect(server.requests == ["HEAD", "PUT", "HEAD"])
  }

  @Test func `a cut upload goes on from where it stopped, as often as it is cut`() async throws {
    let server = ScriptedServer([.cut(after: 300_000), .cut(after: 1), .cut(after: 400_000)])
    #expect(try await upload(server) == .sent)
    #expect(server.stored == bytes)
    #expect(
      server.requests == [
        "HEAD", "PUT", "HEAD", "PUT bytes 300000-999999/1000000", "HEAD", "PUT bytes 300001-999999/1000000", "HEAD",
        "PUT bytes 700001-999999/1000000",
      ])
  }

  @Test func `a connection that ends after the last byte counts as done once the server has the image`() async throws {
    let server = ScriptedServer([.stopKnowing])
    #expect(try await upload(server) == .sent)
    #expect(server.requests == ["HEAD", "PUT", "HEAD"])
  }

  @Test func `while another upload of the image is under way it waits as long as the server says`() async throws {
    let server = ScriptedServer([.refuse(status: 409, retryAfter: 1), .refuse(status: 409, retryAfter: 0)])
    let began = ContinuousClock.now
    #expect(try await upload(server) == .sent)
    #expect(ContinuousClock.now - began >= .seconds(1))
    #expect(server.stored == bytes)
  }

  @Test(arguments: [401, 403, 413, 422, 507])
  func `what cannot pass is told at once`(status: Int) async throws {
    let server = ScriptedServer([.refuse(status: status, retryAfter: nil)])
    let error = await #expect(throws: APIClientError.self) { try await upload(server) }
    #expect(error?.status == status)
    #expect(server.requests == ["HEAD", "PUT"])
  }

  @Test func `it gives up after a number of attempts that brought nothing`() async throws {
    let server = ScriptedServer((0..<20).map { _ in .refuse(status: 409, retryAfter: 0) })
    let error = await #expect(throws: APIClientError.self) { try await upload(server) }
    #expect(error?.detail == "refused as told")
    #expect(server.requests.filter { $0 == "PUT" }.count == ImageTransfer.attempts)
  }

  @Test func `nobody at the address is one clear error`() async throws {
    let address = try ServerAddress("http://127.0.0.1:1")
    let error = await #expect(throws: APIClientError.self) {
      try await ServerConnection.with(address) { try await OperatorClient($0, token: "t").showOperator() }
    }
    #expect(error?.code == .cannotConnect)
    #expect(error?.detail.contains("firmament serve") == true)
  }
}
