import NIOCore
import NIOSSL

/// Sends mails to a mail server (RFC 5321), a connection each.
public struct SMTPTransport: MailTransport {
  private let server: SMTPServer
  private let tls: NIOSSLContext?

  public var leavesThisMachine: Bool { true }

  /// - Throws: `MailError` (`malformed`) where the certificates cannot be read, or a password would travel unprotected.
  public init(_ server: SMTPServer) throws {
    guard server.security != .none || server.user == nil || server.allowsLoginWithoutTLS else {
      throw MailError(.malformed, "a user and a password without TLS can be read by everybody on the way")
    }
    self.server = server
    guard server.security != .none else {
      tls = nil
      return
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    do {
      if let file = server.caFile {
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
      }
      tls = try NIOSSLContext(configuration: configuration)
    } catch {
      throw MailError(.malformed, "the certificates of \(server.caFile ?? "the system") cannot be read: \(error)")
    }
  }

  /// - Returns: once the server has said that it has the mail.
  public func send(_ mail: OutgoingMail) async throws {
    let message = try MailMessage(mail, from: server.sender)
    let cancellation = SMTPConnection.Cancellation()
    do {
      try await withTaskCancellationHandler {
        let connection = try await SMTPConnection.open(
          server, cancellation, tls: server.security == .implicitTLS ? handler() : nil)
        do {
          try await SMTPSession(server: server, connection: connection, tls: handler()).deliver(message)
        } catch {
          await connection.close()
          throw error
        }
        await connection.close()
      } onCancel: {
        cancellation.cancel()
      }
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw error
    }
  }

  /// What makes the handler of a connection's TLS: the certificate must be trusted and be that of the host (RFC 6125), which is
  /// checked against the address where the host is one.
  private func handler() -> @Sendable () throws -> NIOSSLClientHandler {
    let isAddress = (try? SocketAddress(ipAddress: server.host, port: 0)) != nil
    let name = isAddress ? nil : server.host
    return { [tls] in
      guard let tls else { throw MailError(.insecure, "there is no TLS on this connection") }
      return try NIOSSLClientHandler(context: tls, serverHostname: name)
    }
  }
}
