import NIOSSL

/// By what a server that is asked by https proves which one it is.
public struct ServerTrust: Sendable {
  /// Nil for what this system has.
  let configuration: TLSConfiguration?

  /// The certificates that this system trusts.
  public static let system = ServerTrust(configuration: nil)

  /// Nothing: for an address that leads no further than this computer.
  public static let unchecked: ServerTrust = {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    return ServerTrust(configuration: configuration)
  }()

  private init(configuration: TLSConfiguration?) { self.configuration = configuration }

  /// The certificates in a file (PEM) alone: one of them has signed the server's, or is it where it has signed itself.
  /// - Throws: `APIClientError` for a file without any.
  public init(certificatesOf file: String) throws {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw APIClientError(.invalidAddress, "\(file) holds no certificates in PEM, or cannot be read")
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(certificates)
    self.configuration = configuration
  }
}
