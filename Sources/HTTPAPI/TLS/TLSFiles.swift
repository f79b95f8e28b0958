import Foundation
import NIOCore
import NIOSSL

/// Makes what connections are encrypted with of files.
enum TLSFiles {
  /// For a client to close its side after ours.
  private static let farewell = TimeAmount.seconds(2)

  /// - Throws: where a file cannot be read, is of another kind, or the key is not that of the certificate.
  static func read(_ files: TLSIdentity.Files) throws(TLSIdentityError) -> NIOSSLContext {
    let chain = try certificates(files.certificate, .certificate)
    let keyBytes = try bytes(files.key, .key)
    let key: NIOSSLPrivateKey
    do { key = try NIOSSLPrivateKey(bytes: keyBytes, format: .pem) } catch {
      throw TLSIdentityError(part: .key, description: "\(files.key) is no private key in PEM without a password")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    configuration.shutdownTimeout = farewell
    if let deviceCA = files.deviceCA {
      configuration.trustRoots = .certificates(try certificates(deviceCA, .deviceCA))
      configuration.certificateVerification = .optionalVerification
      // Devices with several certificates choose by it.
      configuration.sendCANameList = true
    }
    do { return try NIOSSLContext(configuration: configuration) } catch {
      throw TLSIdentityError(part: .key, description: "\(files.key) is not the key of the certificate \(files.certificate)")
    }
  }

  private static func certificates(
    _ file: String, _ part: TLSIdentityError.Part
  ) throws(TLSIdentityError) -> [NIOSSLCertificate] {
    let bytes = try bytes(file, part)
    guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
      throw TLSIdentityError(part: part, description: "\(file) holds no certificates in PEM")
    }
    return found
  }

  /// The largest file that is read, in bytes.
  private static let largest = 1 << 20

  private static func bytes(_ file: String, _ part: TLSIdentityError.Part) throws(TLSIdentityError) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.read(upToCount: largest) else {
      throw TLSIdentityError(part: part, description: "\(file) cannot be read")
    }
    return Array(data)
  }
}
