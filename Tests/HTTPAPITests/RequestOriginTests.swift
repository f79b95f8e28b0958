import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPAPI

/// Links lead devices to images: a wrong one leads them to somebody else.
@Suite("Where a link begins") struct RequestOriginTests {
  private static let local = try? SocketAddress(ipAddress: "192.0.2.4", port: 8080)

  private func origin(
    _ host: String?, _ headers: HTTPFields = [:], isByProxy: Bool = false, at local: SocketAddress? = local
  ) -> String {
    RequestOrigin.Asked(host: host, headers: headers, isByProxy: isByProxy, at: local).origin
  }

  @Test(arguments: [
    "ota.example.com", "ota.example.com:8080", "OTA.Example.com.", "192.0.2.7:1", "[2001:db8::7]:65535", "[::1]", "my_host",
    "xn--bcher-kva.example",
  ]) func `is the host that was asked for`(host: String) {
    #expect(origin(host) == "http://\(host)")
  }

  @Test func `is https where the connection is encrypted, unless the proxy at its other end was asked otherwise`() {
    func origin(_ host: String?, _ headers: HTTPFields = [:], isByProxy: Bool = false) -> String {
      RequestOrigin.Asked(host: host, headers: headers, isByProxy: isByProxy, at: Self.local, isSecure: true).origin
    }
    #expect(origin("ota.example.com:8443") == "https://ota.example.com:8443")
    #expect(origin(nil) == "https://192.0.2.4:8080")
    #expect(origin("a", [.xForwardedProto: "http"]) == "https://a")
    #expect(origin("a", [.xForwardedProto: "http"], isByProxy: true) == "http://a")
    #expect(origin("a", [.xForwardedFor: "192.0.2.9"], isByProxy: true) == "https://a")
  }

  static let hostile: [String] = [
    "", ".", "..", "a..b", ".a", "a b", "a\tb", "a\r\nX: y", "a\0", "a/b", "a?b", "a#b", "a@b", "user:secret@a", "a\\b", "<a>",
    "a\"b", "a'b", "%61", "bücher.example", "a:", "a:0", "a:65536", "a:123456", "a:-1", "a:+1", "a:1:2", "a:80a", "a:٣", "::1",
    "[::1", "[]", "[::g]", "[::1]x", "[::1]:", "[fe80::1%eth0]", "[192.0.2.1]", "[::1]@a", "a,b", "a;b", "$(a)", "{a}", "*",
    String(repeating: "a", count: 64), Array(repeating: "abc", count: 70).joined(separator: "."),
  ]

  @Test(arguments: hostile) func `is where the connection came in where the host is none`(host: String) {
    #expect(origin(host) == "http://192.0.2.4:8080")
    #expect(origin(host, at: try? SocketAddress(ipAddress: "2001:db8::4", port: 80)) == "http://[2001:db8::4]:80")
    #expect(origin(host, at: nil) == "http://localhost")
    // Neither through a proxy, whose own scheme is then of no use.
    #expect(origin(host, [.xForwardedProto: "https"], isByProxy: true) == "http://192.0.2.4:8080")
    // A list has other members, and a NUL never gets into a header.
    guard !host.contains("\0") else { return }
    if !host.contains(",") {
      #expect(origin("good.example", [.xForwardedHost: host], isByProxy: true) == "http://good.example")
    }
    let quoted = "host=\"\(host.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\";proto=https"
    #expect(origin("good.example", [.forwarded: quoted], isByProxy: true) == "https://good.example")
  }

  private static let byProxy: [(HTTPFields, String)] = [
    ([:], "http://inner:8080"), ([.xForwardedProto: "https"], "https://inner:8080"),
    ([.xForwardedProto: "HTTPS", .xForwardedHost: "ota.example.com"], "https://ota.example.com"),
    ([.xForwardedProto: "javascript", .xForwardedHost: "ota.example.com"], "http://ota.example.com"),
    // What is nearest to us counts: clients write the rest.
    ([.xForwardedProto: "http, https", .xForwardedHost: "evil.example, ota.example.com"], "https://ota.example.com"),
    ([.xForwardedHost: "a.example", .xForwardedPort: "8443"], "http://a.example:8443"),
    ([.xForwardedHost: "a.example:1", .xForwardedPort: "8443"], "http://a.example:1"),
    ([.xForwardedHost: "a.example", .xForwardedPort: "443", .xForwardedProto: "https"], "https://a.example"),
    ([.xForwardedHost: "a.example", .xForwardedPort: "80"], "http://a.example"),
    ([.xForwardedHost: "a.example", .xForwardedPort: "65536"], "http://a.example"),
    ([.forwarded: "for=192.0.2.60;proto=https;by=203.0.113.43;host=ota.example.com"], "https://ota.example.com"),
    ([.forwarded: "For=\"[2001:db8::1]:4711\" ; Proto=HTTPS;Host=\"ota.example.com:8443\""], "https://ota.example.com:8443"),
    ([.forwarded: "host=evil.example;proto=http, for=10.0.0.1;proto=https;host=ota.example.com,"], "https://ota.example.com"),
    ([.forwarded: "for=\"a,host=evil.example\";proto=https"], "https://inner:8080"),
    ([.forwarded: "host=ota.example.com:81"], "http://ota.example.com:81"),
    ([.forwarded: "host=a\\b"], "http://inner:8080"), ([.forwarded: "host=\"a"], "http://inner:8080"),
    ([.forwarded: "host=\""], "http://inner:8080"), ([.forwarded: "host=\"a\\"], "http://inner:8080"),
    ([.forwarded: "host=a.example;host=b.example"], "http://inner:8080"), ([.forwarded: "host"], "http://inner:8080"),
    ([.forwarded: "=a"], "http://inner:8080"), ([.forwarded: "host=a.example b.example"], "http://inner:8080"),
    // The header that has a standard goes before those that have none.
    ([.forwarded: "host=a.example", .xForwardedHost: "b.example", .xForwardedProto: "https"], "http://a.example"),
  ]

  @Test(arguments: byProxy) func `is what a trusted proxy was asked for`(headers: HTTPFields, expected: String) {
    #expect(origin("inner:8080", headers, isByProxy: true) == expected)
    #expect(origin("inner:8080", headers) == "http://inner:8080", "from anybody else it counts for nothing")
  }

  @Test func `is the public address where there is one, and has the public path in any case`() {
    let head = HTTPRequest(method: .get, scheme: "http", authority: "asked.example", path: "/v2")
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    let source = ApplicationRequestContextSource(
      channel: EmbeddedChannel(), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    let context = APIContext(source: source)
    let settings = APISettings(version: "1", publicPath: "/firmware")
    #expect(RequestOrigin.of(request, context, settings, publicURL: nil) == "http://asked.example/firmware")
    let configured = RequestOrigin.of(request, context, settings, publicURL: "https://ota.example.com/firmware/")
    #expect(configured == "https://ota.example.com/firmware")
  }

  @Test func `only the proxies that are configured are trusted`() {
    let settings = APISettings(version: "1", trustedProxies: ["192.0.2.1", "2001:DB8::1", "nonsense"])
    for trusted in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8:0::1"] {
      #expect(ClientAddress.isTrustedProxy(trusted, settings), "\(trusted)")
    }
    for stranger in ["192.0.2.2", "nonsense", "", nil] {
      #expect(!ClientAddress.isTrustedProxy(stranger, settings), "\(stranger ?? "")")
    }
    #expect(!ClientAddress.isTrustedProxy("192.0.2.1", APISettings(version: "1")))
  }
}
