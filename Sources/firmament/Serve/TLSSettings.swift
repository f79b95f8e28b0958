import HTTPAPI
import Logging
import NIOCore

/// Whether the service speaks TLS, and by which files.
struct TLSSettings: Sendable {
  /// Nil for plain HTTP.
  let files: TLSIdentity.Files?
  /// Whether the device port speaks plain HTTP all the same.
  let plainDevicePort: Bool

  /// - Throws: `CommandFailure` where the settings do not go together.
  init(_ values: ConfiguredValues, hasDevicePort: Bool) throws {
    let (certificate, key) = (values.text("tlsCertificate"), values.text("tlsKey"))
    let deviceCA = values.text("deviceCa")
    plainDevicePort = try values.flag("plainDevicePort") ?? false
    switch (certificate, key) {
    case (let certificate?, let key?):
      files = TLSIdentity.Files(certificate: certificate, key: key, deviceCA: deviceCA)
      guard hasDevicePort || !plainDevicePort else {
        throw CommandFailure("plainDevicePort: is for the device port, and needs one: give --device-port")
      }
    case (nil, nil):
      for (name, isGiven) in [("deviceCa", deviceCA != nil), ("plainDevicePort", plainDevicePort)] where isGiven {
        throw CommandFailure("\(name): is of no use without TLS: give --tls-certificate and --tls-key")
      }
      files = nil
    case (_?, nil): throw CommandFailure("tlsKey: is needed with tlsCertificate: its private key")
    case (nil, _?): throw CommandFailure("tlsCertificate: is needed with tlsKey: the certificate that it is the key of")
    }
  }

  /// Reads the files.
  /// - Returns: nil for plain HTTP.
  /// - Throws: `CommandFailure` that names the setting and the file.
  func identity(handshakeTimeout: TimeAmount, _ log: Logger) throws -> TLSIdentity? {
    guard let files else { return nil }
    do throws(TLSIdentityError) {
      return try TLSIdentity(files, handshakeTimeout: handshakeTimeout, log: log)
    } catch {
      let setting =
        switch error.part {
        case .certificate: "tlsCertificate"
        case .key: "tlsKey"
        case .deviceCA: "deviceCa"
        }
      throw CommandFailure("\(setting): \(error)")
    }
  }
}
