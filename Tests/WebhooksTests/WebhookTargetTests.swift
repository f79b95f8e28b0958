import NIOCore
import Testing

@testable import Webhooks

@Suite("The URL of a receiver") struct WebhookTargetTests {
  @Test(arguments: [
    ("https://hooks.example.org/a?b=c", "hooks.example.org", 443), ("HTTP://example.org", "example.org", 80),
    ("http://127.0.0.1:8080/x", "127.0.0.1", 8080), ("http://[::1]:99/", "::1", 99), ("http://2130706433/", "2130706433", 80),
  ])
  func `says where it leads`(text: String, host: String, port: Int) throws {
    let target = try WebhookTarget(text)
    #expect(target.host == host && target.port == port)
  }

  @Test(arguments: [
    "", "example.org", "ftp://example.org", "http://", "http:///x", "http://user:secret@example.org", "http://user@example.org",
    "http://example.org/#x", "http://exa mple.org", "http://example.org\r\nX: y", "file:///etc/passwd",
    "http+unix://%2Ftmp%2Fa.sock/", "http://example.org:0/", "http://example.org:99999/", "http://exämple.org/",
    "http://example.org\\@127.0.0.1/", "unix:/tmp/a",
  ])
  func `is refused where it is none`(text: String) { #expect(throws: WebhookError.self) { try WebhookTarget(text) } }

  @Test(arguments: [
    "0.0.0.0", "10.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:1:2::3",
  ])
  func `may lead to no private address`(address: String) throws {
    #expect(AddressGuard.isPrivate(try SocketAddress(ipAddress: address, port: 80)))
    let host = address.contains(":") ? "[\(address)]" : address
    #expect(try WebhookTarget("http://\(host)/").isPrivateAddress)
  }

  @Test(arguments: [
    "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1", "9.255.255.255", "11.0.0.1", "126.1.1.1",
    "128.0.0.1", "223.255.255.255", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1",
  ])
  func `may lead to any other`(address: String) throws {
    #expect(!AddressGuard.isPrivate(try SocketAddress(ipAddress: address, port: 80)))
  }

  @Test(arguments: [("localhost", true), ("a.LOCALHOST.", true), (".", true), ("localhost.example.org", false), ("a", false)])
  func `may not be a name of this machine`(name: String, isPrivate: Bool) throws {
    #expect(try WebhookTarget("http://\(name)/").isPrivateAddress == isPrivate)
  }
}
