import Foundation
import TestSupport

/// A CA, and what it signs, made by the real `openssl` as an operator makes it.
struct CertificateAuthority: Sendable {
  enum KeyForm: Sendable, CaseIterable { case p256, p256InSEC1, rsa, rsaInPKCS1 }

  /// What is for: a server at 127.0.0.1, or a device.
  enum Use: Sendable { case server, device }

  struct Certificate: Sendable {
    let certificate: String
    let key: String

    /// As `firmament serve` takes it.
    var serving: [String] { ["--tls-certificate", certificate, "--tls-key", key] }
    /// As `curl` takes it.
    var showing: [String] { ["--cert", certificate, "--key", key] }
  }

  struct Failure: Error, CustomStringConvertible {
    let arguments: [String]
    let result: ProgramResult
    var description: String { "openssl \(arguments.joined(separator: " ")): \(result.errors)" }
  }

  let folder: TemporaryFolder
  let certificate: String
  private let key: String

  init(_ name: String = "Test CA") async throws {
    folder = try TemporaryFolder()
    (certificate, key) = ("\(folder.path)/ca.pem", "\(folder.path)/ca.key")
    try await Self.openssl(
      ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(name)", "-keyout", key, "-out", certificate]
        + Self.newKey(.p256))
  }

  /// Signs a certificate.
  /// - Parameters:
  ///   - name: that of its files, too.
  ///   - subject: as `openssl` takes it.
  ///   - days: how long it is valid; below 0 it has expired.
  func certificate(
    _ name: String, subject: String? = nil, for use: Use = .device, days: Int = 30, key form: KeyForm = .p256
  ) async throws -> Certificate {
    let base = "\(folder.path)/\(name)"
    let made = Certificate(certificate: "\(base).pem", key: "\(base).key")
    try await Self.openssl(
      ["req", "-nodes", "-subj", subject ?? "/CN=\(name)", "-keyout", made.key, "-out", "\(base).csr"] + Self.newKey(form))
    let extensions =
      use == .server ? "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n" : "extendedKeyUsage=clientAuth\n"
    try folder.write(Data(extensions.utf8), to: "\(name).ext")
    try await Self.openssl([
      "x509", "-req", "-in", "\(base).csr", "-CA", certificate, "-CAkey", key, "-CAcreateserial", "-days", String(days),
      "-extfile", "\(base).ext", "-out", made.certificate,
    ])
    if form == .rsaInPKCS1 { try await Self.openssl(["rsa", "-traditional", "-in", made.key, "-out", made.key]) }
    if form == .p256InSEC1 { try await Self.openssl(["ec", "-in", made.key, "-out", made.key]) }
    return made
  }

  private static func newKey(_ form: KeyForm) -> [String] {
    switch form {
    case .p256, .p256InSEC1: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    case .rsa, .rsaInPKCS1: ["-newkey", "rsa:2048"]
    }
  }

  private static func openssl(_ arguments: [String]) async throws {
    let result = try await Program.run("openssl", arguments)
    guard result.status == 0 else { throw Failure(arguments: arguments, result: result) }
  }
}

/// A TLS client that says what became of the handshake: `openssl s_client`.
enum SecureClient {
  /// Asks for paths by one connection, and waits for the server to end it.
  /// - Returns: what the program wrote, handshake and answers.
  static func ask(
    _ url: String, _ arguments: [String] = [], _ paths: String..., last: String = "/healthz"
  ) async throws -> ProgramResult {
    let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }
    let request = requests.joined() + "GET \(last) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    let server = String(url.drop { $0 != "/" }.dropFirst(2))
    return try await Program.run(
      "openssl", ["s_client", "-connect", server, "-ign_eof"] + arguments, input: Data(request.utf8))
  }
}
