import Cryptography
import Testing

@Suite struct CertificateSubjectTests {
  @Test func `is nobody where the bytes are no certificate`() {
    for bytes in [[], [0x30], [0x30, 0x03, 0x02, 0x01, 0x00], Array("CN=dev-1".utf8)] as [[UInt8]] {
      #expect(CertificateSubject.commonName(ofDER: bytes) == nil)
    }
  }
}
