import Cryptography
import Foundation
public import Logging
public import NIOCore
import NIOSSL
import Synchronization

/// Who the server is, and whose clients it believes: a certificate with its key, and where there is one, the CA of the devices.
/// They are read from files, and read again when those change; connections that stand keep what they have begun with.
public final class TLSIdentity: TLSProvider {
  /// Where things lie. Everything is PEM.
  public struct Files: Sendable, Hashable {
    /// The certificate of the server, and behind it those between it and a CA that clients know.
    public let certificate: String
    /// Its private key, of RSA or P-256, without a password.
    public let key: String
    /// Certificates that sign those of devices; nil where no client is asked for one.
    public let deviceCA: String?

    public init(certificate: String, key: String, deviceCA: String? = nil) {
      self.certificate = certificate
      self.key = key
      self.deviceCA = deviceCA
    }

    /// The SHA-256 of each of them, by which a change is seen; nil for one that cannot be read.
    var digests: [[UInt8]?] {
      ([certificate, key] + (deviceCA.map { [$0] } ?? [])).map { path in
        FileManager.default.contents(atPath: path).map { SHA256Hasher.digest(of: Array($0)) }
      }
    }
  }

  /// What came of a look at the files.
  public enum Reload: Sendable {
    case unchanged
    case taken
    /// What was read before goes on.
    case refused(TLSIdentityError)
  }

  private struct State {
    var encryption: NIOSSLContext
    var digests: [[UInt8]?]
    var deadlines: [ObjectIdentifier: NIOLoopBound<HandshakeDeadlines>] = [:]
  }

  private let files: Files
  private let handshakeTimeout: TimeAmount
  private let log: Logger
  private let state: Mutex<State>

  /// Reads the files.
  /// - Parameter handshakeTimeout: from the beginning of a connection to the end of its handshake; then it is closed.
  public init(_ files: Files, handshakeTimeout: TimeAmount, log: Logger) throws(TLSIdentityError) {
    self.files = files
    self.handshakeTimeout = handshakeTimeout
    self.log = log
    let digests = files.digests
    state = Mutex(State(encryption: try TLSFiles.read(files), digests: digests))
  }

  /// Reads the files again if one of them is another than at the last look, whatever came of that. New connections get what is
  /// read, if all of it fits together. Sessions begun before are not resumed by the new one: each client shakes hands once.
  public func reload() -> Reload {
    // Before they are read, so that a change during the reading is seen at the next look.
    let digests = files.digests
    guard state.withLock({ $0.digests != digests }) else { return .unchanged }
    do throws(TLSIdentityError) {
      let encryption = try TLSFiles.read(files)
      state.withLock { ($0.encryption, $0.digests) = (encryption, digests) }
      return .taken
    } catch {
      state.withLock { $0.digests = digests }
      return .refused(error)
    }
  }

  public func makeHandler(for channel: any Channel) throws -> any ChannelHandler & RemovableChannelHandler {
    let loop = channel.eventLoop
    let (encryption, deadlines) = state.withLock { state in
      let known = state.deadlines[ObjectIdentifier(loop)]
      let deadlines = known ?? NIOLoopBound(HandshakeDeadlines(loop: loop, timeout: handshakeTimeout), eventLoop: loop)
      if known == nil { state.deadlines[ObjectIdentifier(loop)] = deadlines }
      return (state.encryption, deadlines)
    }
    return SecureConnectionHandler(
      NIOSSLServerHandler(context: encryption), asksCertificate: files.deviceCA != nil, deadlines: deadlines.value, log: log)
  }
}

/// Why files are no identity.
public struct TLSIdentityError: Error, CustomStringConvertible {
  public enum Part: Sendable { case certificate, key, deviceCA }

  /// Which file it is about.
  public let part: Part
  public let description: String
}
