import Foundation

/// A real mail server (aiosmtpd) in a process of its own, or something on its port that is none. It ends with this object.
public final class PostOffice: Sendable {
  /// What the server takes as a login, where it wants one.
  public static let user = "ada"
  public static let password = "pässword"

  /// What it keeps of a mail: the envelope, the bytes as Latin-1, and what Python's email package reads in them.
  public struct Mail: Decodable, Sendable {
    public let sender: String
    public let recipients: [String]
    public let content: String
    public let from: String
    public let to: String
    public let subject: String
    public let id: String
    /// ISO 8601.
    public let date: String
    public let type: String
    public let text: String
    public let defects: [String]
    public let headers: [String]
    public let tls: Bool
    public let authenticated: Bool
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public let port: Int
  private let process: ChildProcess
  private let input = Pipe()
  private let folder: TemporaryFolder

  /// Starts a server and returns when it listens.
  /// - Parameter mode: as `post_office.py` has them.
  public static func open(_ mode: String, _ pair: CertificatePair? = nil) async throws -> PostOffice {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try PostOffice(mode, pair) }) }
    }
  }

  private init(_ mode: String, _ pair: CertificatePair?) throws {
    folder = try TemporaryFolder()
    let script = PythonTools.root + "/Tests/TestSupport/PostOffice/post_office.py"
    let output = Pipe()
    process = try ChildProcess(
      "python3", [script, mode, folder.path] + (pair.map { [$0.certificate, $0.key] } ?? []),
      environment: PythonTools.environment, input: .pipe(input), output: .pipe(output))
    var line = ""
    while !line.contains("\n") {
      let piece = output.nextPiece()
      if piece.isEmpty { break }
      line += String(decoding: piece, as: UTF8.self)
    }
    guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw Failure(description: "the mail server for tests did not start")
    }
    self.port = port
  }

  /// The mails that it has, oldest first.
  public func mails() throws -> [Mail] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
    return try names.sorted().map {
      try JSONDecoder().decode(Mail.self, from: try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\($0)")))
    }
  }
}

/// A self-signed certificate and its key, made by the `openssl` program.
public struct CertificatePair: Sendable {
  private let folder: TemporaryFolder

  public var certificate: String { folder.path + "/certificate.pem" }
  public var key: String { folder.path + "/key.pem" }

  /// - Parameters:
  ///   - names: as in a subjectAltName: `DNS:localhost,IP:127.0.0.1`.
  ///   - commonName: that of its subject.
  public init(for names: String, commonName: String = "test") throws {
    folder = try TemporaryFolder()
    let arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=\(commonName)", "-addext", "subjectAltName=\(names)", "-keyout", folder.path + "/key.pem", "-out",
      folder.path + "/certificate.pem",
    ]
    let status = try ChildProcess("openssl", arguments, errors: .nothing).wait()
    guard status == 0 else { throw PostOffice.Failure(description: "openssl made no certificate") }
  }
}
