internal import COpenSSL

/// Who an X.509 certificate is of (RFC 5280 section 4.1.2.6).
public enum CertificateSubject {
  /// The common name of the subject.
  /// - Returns: nil where there is none, where there are several, and for one with a control character in it: what is read in
  ///   two ways names nobody.
  public static func commonName(ofDER certificate: [UInt8]) -> String? {
    let parsed = certificate.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      return d2i_X509(nil, &start, bytes.count)
    }
    guard let parsed else {
      ERR_clear_error()
      return nil
    }
    defer { X509_free(parsed) }
    guard let subject = X509_get_subject_name(parsed), case let first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1),
      first >= 0, X509_NAME_get_index_by_NID(subject, NID_commonName, first) < 0,
      let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first))
    else { return nil }
    var text: UnsafeMutablePointer<UInt8>?
    let length = ASN1_STRING_to_UTF8(&text, value)
    guard length > 0, let text else {
      ERR_clear_error()
      return nil
    }
    defer { CRYPTO_free(text, nil, 0) }
    let name = String(validating: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
    return name.flatMap { name in name.unicodeScalars.contains { $0.properties.generalCategory == .control } ? nil : name }
  }
}
