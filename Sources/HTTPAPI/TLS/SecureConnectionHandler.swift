import Cryptography
import Foundation
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the encryption of a connection, which it puts before itself: it notes who the client is, sees to it that the
/// handshake ends, and keeps the faults of TLS from the handlers behind, which know HTTP alone.
final class SecureConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  let connection = SecureConnection()
  private(set) var isShaking = true
  private let encryption: NIOSSLServerHandler
  /// Whether certificates of clients are asked for.
  private let asksCertificate: Bool
  private let deadlines: HandshakeDeadlines
  private let log: Logger
  private var context: ChannelHandlerContext?

  init(_ encryption: NIOSSLServerHandler, asksCertificate: Bool, deadlines: HandshakeDeadlines, log: Logger) {
    self.encryption = encryption
    self.asksCertificate = asksCertificate
    self.deadlines = deadlines
    self.log = log
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    do {
      try context.pipeline.syncOperations.addHandler(encryption, position: .before(self))
      deadlines.begin(self)
    } catch {
      context.close(promise: nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func end() {
    isShaking = false
    context = nil
  }

  /// Ends a connection whose handshake has not come to its end in time. There is nobody who could read a word of farewell.
  func giveUp() {
    guard isShaking, let context else { return }
    log.debug("a handshake took too long")
    isShaking = false
    // Around the encryption, which would wait for an answer to its own farewell.
    let outside = try? context.pipeline.syncOperations.context(handler: encryption)
    (outside ?? context).close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { handshakeCompleted(context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func handshakeCompleted(_ context: ChannelHandlerContext) {
    isShaking = false
    if encryption.tlsVersion == .tlsv13 { Self.acknowledge(context.channel) }
    guard asksCertificate, let certificate = encryption.peerCertificate else { return }
    // A session that is resumed is not verified anew, and its certificate may have expired since it was.
    guard Int64(certificate.notValidAfter) >= Int64(Date().timeIntervalSince1970) else {
      log.info("a certificate of a client has expired since its session began")
      return context.close(promise: nil)
    }
    if let bytes = try? certificate.toDERBytes(), let name = CertificateSubject.commonName(ofDER: bytes) {
      connection.isCertified(as: name)
    }
  }

  /// A client may hold its first request back until its last word of the handshake is acknowledged, which systems put off by
  /// 40 ms (RFC 1122 section 4.2.3.2; Nagle, RFC 896). To ask for quick acknowledgements when the connection begins does not
  /// help: by then the system has gone back to its habit.
  private static func acknowledge(_ channel: any Channel) {
    #if os(Linux)
      try? channel.syncOptions?.setOption(.tcpOption(.init(rawValue: TCP_QUICKACK)), value: 1)
    #endif
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOSSLError.uncleanShutdown:
      // The client has gone without a farewell; HTTP says how long everything is, so that nothing cut short passes for whole.
      break
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError, is NIOSSLCloseTimedOutError:
      log.debug("a connection is not encrypted as it has to be", metadata: ["error": "\(error)"])
      context.close(promise: nil)
    default: context.fireErrorCaught(error)
    }
  }
}
