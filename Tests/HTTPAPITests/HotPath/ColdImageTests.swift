import Domain
import FirmwareService
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Images that memory does not hold, on their way from the disk to clients that do not do what one hopes for.
@Suite(.timeLimit(.minutes(10))) struct ColdImageTests {
  /// More than sockets hold.
  private static let image = imageBytes(24 << 20)

  /// A store with a thing that has an update.
  private struct Shelf: Sendable {
    let test: TestService
    let firmware: Firmware
    let token: String

    init(_ image: [UInt8] = ColdImageTests.image, limits: ConnectionLimits = .patient) async throws {
      test = try await TestService(limits: limits)
      try await test.createModel()
      token = try await test.activate()
      firmware = try await test.release("1.0.0", image)
    }

    var path: String { "/v2/things/\(token)/firmwares/download/\(firmware.publicID)" }
    var poll: String { "/v2/things/\(token)/firmwares/latest" }
    var file: String { "\(test.folder)/images/sha256/\(firmware.digest.hex.prefix(2))/\(firmware.digest.hex)" }

    var states: [InstallationState: Int] {
      get async throws { try await test.service.showStatus(model: nil)[0].counts }
    }

    /// Lets the system forget the file, where it can.
    func forget() throws {
      let open = try #require(FileHandle(forReadingAtPath: file))
      posix_fadvise(open.fileDescriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    func serve<Value: Sendable>(_ body: @escaping @Sendable (_ port: Int) async throws -> Value) async throws -> Value {
      try await ListenerRun.during(test.application(.hotPathOnly).connections, body)
    }
  }

  /// Whether two are the same; said in a word where they are not.
  private static func expect(_ bytes: [UInt8], _ wanted: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let isSame = bytes == wanted
    #expect(isSame, "\(bytes.count) bytes of \(wanted.count)", sourceLocation: sourceLocation)
  }

  /// Reads a head, and as many bytes as it says.
  private static func answer(_ client: any ByteClient) async throws -> (head: String, bytes: [UInt8]) {
    let head = try await client.read(through: "\r\n\r\n")
    let line = head.components(separatedBy: "\r\n").first { $0.hasPrefix("Content-Length: ") }
    let length = line.flatMap { Int($0.dropFirst("Content-Length: ".count)) }
    return (head, try await client.read(try #require(length)))
  }

  @Test(arguments: [false, true])
  func `several downloads and a poll behind each other come in their order, and the last ends`(isSecured: Bool) async throws {
    let image = imageBytes(3 << 20)
    let shelf = try await Shelf(image)
    let secured = isSecured ? try SecuredListener() : nil
    try await ListenerRun.during(shelf.test.application(.hotPathOnly).connections, tls: secured?.identity) { port in
      try shelf.forget()
      let client: any ByteClient = if let secured { try await secured.connect(port) } else { try WireClient(port: port) }
      client.get(shelf.path)
      client.get(shelf.path, ["Range: bytes=262143-1048576"])
      client.get(shelf.poll)
      client.get(shelf.path, ["Range: bytes=-1"])
      client.get(shelf.path, ["Connection: close"])
      Self.expect(try await Self.answer(client).bytes, image)
      Self.expect(try await Self.answer(client).bytes, Array(image[262_143...1_048_576]))
      let poll = try await Self.answer(client)
      #expect(poll.head.hasPrefix("HTTP/1.1 200 OK\r\n") && poll.bytes.last == UInt8(ascii: "}"))
      Self.expect(try await Self.answer(client).bytes, [image[image.count - 1]])
      let last = try await client.read(through: "\r\n\r\n")
      #expect(last.contains("\r\nConnection: close\r\n"))
      Self.expect(try await client.readToEnd(), image)
    }
  }

  @Test func `many at once get the same file`() async throws {
    let shelf = try await Shelf()
    try await shelf.serve { port in
      try shelf.forget()
      let parts = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
        for number in 0..<12 {
          group.addTask {
            let client = try WireClient(port: port)
            client.get(shelf.path, ["Range: bytes=\(number << 20)-", "Connection: close"])
            let answer = try await client.readToEnd()
            let head = try #require(answer.prefix(2000).place(of: Array("\r\n\r\n".utf8)))
            return (number, Array(answer[head.upperBound...]))
          }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      for (number, bytes) in parts { Self.expect(bytes, Array(Self.image[(number << 20)...])) }
      #expect(parts.count == 12)
    }
  }

  /// What was sent counts where the connection was cut, too.
  @Test func `a download that was cut is resumed, and counts once all of it was sent`() async throws {
    let shelf = try await Shelf()
    try await shelf.serve { port in
      let cut = try WireClient(port: port, receiveBuffer: 4096)
      cut.get(shelf.path)
      _ = try await cut.read(through: "\r\n\r\n")
      let first = try await cut.read(1_000_001)
      cut.reset()
      #expect(try await shelf.states == [.downloading: 1])
      let again = try WireClient(port: port)
      again.get(shelf.path, ["Range: bytes=\(first.count)-"])
      let rest = try await Self.answer(again)
      #expect(rest.head.hasPrefix("HTTP/1.1 206 Partial Content\r\n"))
      Self.expect(first + rest.bytes, Self.image)
      // The count follows the last byte by a moment: an answer on the same connection comes after it.
      again.get(shelf.poll)
      _ = try await Self.answer(again)
      #expect(try await shelf.states == [.downloaded: 1])
    }
  }

  @Test func `who stops taking an image is let go, and it does not count as downloaded`() async throws {
    var limits = ConnectionLimits()
    limits.writeTimeout = .milliseconds(100)
    let shelf = try await Shelf(limits: limits)
    // It returns once the connection has ended.
    try await shelf.serve { port in
      let stuck = try WireClient(port: port, receiveBuffer: 4096)
      stuck.get(shelf.path, ["Connection: close"])
      _ = try await stuck.read(through: "\r\n\r\n")
      return stuck
    }.close()
    #expect(try await shelf.states == [.downloading: 1])
  }

  @Test func `a file that is removed meanwhile still comes whole`() async throws {
    let shelf = try await Shelf()
    try await shelf.serve { port in
      let client = try WireClient(port: port, receiveBuffer: 65_536)
      client.get(shelf.path)
      _ = try await client.read(through: "\r\n\r\n")
      try FileManager.default.removeItem(atPath: shelf.file)
      Self.expect(try await client.read(Self.image.count), Self.image)
    }
  }

  @Test(arguments: [false, true])
  func `a file that has become shorter ends the connection, and no other bytes take their place`(
    isSecured: Bool
  ) async throws {
    let shelf = try await Shelf(imageBytes(3 << 20))
    let secured = isSecured ? try SecuredListener() : nil
    try await ListenerRun.during(shelf.test.application(.hotPathOnly).connections, tls: secured?.identity) { port in
      let client: any ByteClient = if let secured { try await secured.connect(port) } else { try WireClient(port: port) }
      client.get(shelf.path, ["Range: bytes=0-0"])
      #expect(try await Self.answer(client).bytes == imageBytes(1))
      try #require(truncate(shelf.file, 2_000_000) == 0)
      client.get(shelf.path)
      _ = try await client.read(through: "\r\n\r\n")
      let bytes = try await client.readToEnd()
      #expect(bytes.count <= 2_000_000)
      Self.expect(bytes, Array(imageBytes(3 << 20)[..<bytes.count]))
    }
    #expect(try await shelf.states == [.downloading: 1])
  }

  @Test func `a server that is told to stop sends what it has begun, and ends`() async throws {
    let shelf = try await Shelf()
    let run = try await ListenerRun.start(shelf.test.application(.hotPathOnly).connections)
    let client = try WireClient(port: run.port, receiveBuffer: 65_536)
    client.get(shelf.path)
    _ = try await client.read(through: "\r\n\r\n")
    await run.stop()
    Self.expect(try await client.readToEnd(), Self.image)
    client.close()
    try await run.ended()
  }
}
