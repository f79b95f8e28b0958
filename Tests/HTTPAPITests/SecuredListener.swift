import NIOCore
import NIOPosix
import NIOSSL
import TestSupport

@testable import HTTPAPI

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
  let received = ReceivedBytes()

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

  /// - Throws: where it has not ended as TLS ends.
  func receive() async throws -> [UInt8]? {
    var more = pieces.makeAsyncIterator()
    return try await more.next()
  }
}
