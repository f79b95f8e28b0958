import Foundation
import TestSupport

/// Who signs packages for SWUpdate: a key and a certificate for mail protection, which is the purpose that the client demands.
struct SWUpdateSigner: Sendable {
  let certificate: String
  fileprivate let key: String

  init(in folder: TemporaryFolder) async throws {
    let name = "\(folder.path)/signer-\(UUID().uuidString)"
    certificate = name + ".crt"
    key = name + ".key"
    let arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
      "-days", "30", "-subj", "/CN=firmament", "-addext", "basicConstraints=CA:FALSE", "-addext", "keyUsage=digitalSignature",
      "-addext", "extendedKeyUsage=emailProtection",
    ]
    let made = try await Program.run("openssl", arguments)
    guard made.status == 0 else { throw Workshop.CommandFailed(arguments: arguments, result: made) }
  }
}

/// A real package for SWUpdate, `.swu`: one signed description, and one file that the client writes to `target`.
struct SWUpdateBundle: Sendable {
  let path: String
  /// Of the package.
  let size: Int
  let version: String
  let payload: SeededImage
  /// Where the client writes the payload.
  let target: String

  /// - Parameters:
  ///   - size: of the payload, in bytes.
  ///   - revisions: of the hardware that it is for.
  init(
    _ size: Int, seed: UInt64, version: String, target: String, revisions: [String] = ["1.0"], signedBy signer: SWUpdateSigner,
    in folder: TemporaryFolder
  ) async throws {
    payload = try await SeededImage(size, seed: seed, in: folder)
    let parts = "\(folder.path)/parts-\(version)-\(seed)"
    try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true)
    let description = """
      software = {
        version = "\(version)";
        hardware-compatibility: [ \(revisions.map { "\"\($0)\"" }.joined(separator: ", ")) ];
        files: ( { filename = "payload.bin"; path = "\(target)"; sha256 = "\(payload.sha256)"; } );
      };

      """
    try Data(description.utf8).write(to: URL(fileURLWithPath: "\(parts)/sw-description"))
    // The client reads the entries in this order, and demands the check sums of the form `crc`.
    let script = """
      cd "$1"
      ln "$2" payload.bin
      openssl cms -sign -binary -nosmimecap -outform DER -in sw-description -out sw-description.sig -signer "$3" -inkey "$4"
      printf '%s\\n' sw-description sw-description.sig payload.bin | cpio --quiet -o -H crc > "$5"
      """
    path = "\(folder.path)/door-\(version).swu"
    let arguments = ["-euo", "pipefail", "-c", script, "bash", parts, payload.path, signer.certificate, signer.key, path]
    let made = try await Program.run("bash", arguments)
    guard made.status == 0 else { throw Workshop.CommandFailed(arguments: arguments, result: made) }
    self.size = sizeOfFile(path)
    self.version = version
    self.target = target
  }

  /// Whether the client has written the payload, byte for byte.
  var isInstalled: Bool {
    FileManager.default.fileExists(atPath: target) && (try? SeededImage.sha256(ofFile: target)) == payload.sha256
  }
}
