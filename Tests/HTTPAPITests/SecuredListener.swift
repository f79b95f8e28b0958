import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

@testable import HTTPAPI

/// A client that sends bytes, and gets what the server makes of them.
protocol ByteClient: Sendable {
  func send(_ bytes: [UInt8])
  func readToEnd() async throws -> [UInt8]
}

extension WireClient: ByteClient {}

/// What a listener encrypts its connections with, and the clients that trust it.
struct SecuredListener: Sendable {
  let identity: TLSIdentity
  private let server: CertificatePair

  /// - Parameter deviceCA: a file with the certificates by which devices are believed; nil where none is asked for.
  init(deviceCA: String? = nil) throws {
    server = try CertificatePair(for: "IP:127.0.0.1")
    let files = TLSIdentity.Files(certificate: server.certificate, key: server.key, deviceCA: deviceCA)
    identity = try TLSIdentity(files, handshakeTimeout: .hours(1), log: ServedApplication.silence)
  }

  func connect(_ port: Int, showing own: CertificatePair? = nil) async throws -> SecureWireClient {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(server.certificate)
    configuration.certificateVerification = .noHostnameVerification
    if let own {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(own.certificate).map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: own.key, format: .pem))
    }
    return try await SecureWireClient(port: port, context: try NIOSSLContext(configuration: configuration))
  }
}

/// A TLS connection that sends exactly the bytes it is given, to a server in this process.
final class SecureWireClient: ByteClient {
  /// Takes what comes, and what goes wrong.
  private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let pieces: AsyncThrowingStream<[UInt8], any Error>.Continuation

    init(_ pieces: AsyncThrowingStream<[UInt8], any Error>.Continuation) { self.pieces = pieces }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      pieces.yield(Array(unwrapInboundIn(data).readableBytesView))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      pieces.finish(throwing: error)
      context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { pieces.finish() }
  }

  private let channel: any Channel
  private let pieces: AsyncThrowingStream<[UInt8], any Error>
  /// What was received and not yet asked for.
  private let rest = Mutex<[UInt8]>([])

  init(port: Int, context: NIOSSLContext) async throws {
    let (pieces, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
    self.pieces = pieces
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let encryption = try NIOSSLClientHandler(context: context, serverHostname: nil)
          try channel.pipeline.syncOperations.addHandlers([encryption, Ear(continuation)] as [any ChannelHandler])
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  deinit { channel.close(promise: nil) }

  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  func get(_ path: String, _ headers: [String] = []) {
    send(Array((["GET \(path) HTTP/1.1", "Host: a"] + headers + ["", ""]).joined(separator: "\r\n").utf8))
  }

  /// Everything up to the end of `marker`.
  func read(through marker: String) async throws -> String {
    String(decoding: try await read { bytes in bytes.place(of: Array(marker.utf8))?.upperBound }, as: UTF8.self)
  }

  func read(_ count: Int) async throws -> [UInt8] { try await read { $0.count >= count ? count : nil } }

  /// Everything up to the end of the connection.
  /// - Throws: where it has not ended as TLS ends.
  func readToEnd() async throws -> [UInt8] {
    var all = rest.withLock { rest in
      defer { rest = [] }
      return rest
    }
    for try await piece in pieces { all += piece }
    return all
  }

  private func read(_ end: ([UInt8]) -> Int?) async throws -> [UInt8] {
    var bytes = rest.withLock { $0 }
    var more = pieces.makeAsyncIterator()
    while true {
      if let end = end(bytes) {
        let after = Array(bytes[end...])
        rest.withLock { $0 = after }
        return Array(bytes[..<end])
      }
      guard let piece = try await more.next() else {
        throw WireClient.Failure(
          description: "the connection ended after \(String(decoding: bytes, as: UTF8.self).debugDescription)")
      }
      bytes += piece
    }
  }
}
