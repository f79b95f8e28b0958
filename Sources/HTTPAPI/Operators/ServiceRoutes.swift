import APIContract
import Cryptography
import Hummingbird
import Synchronization

/// What watches the service: health, figures, and its own description.
struct ServiceRoutes: Sendable {
  let settings: APISettings
  let isReady: @Sendable () -> Bool
  let metricsText: @Sendable () -> String

  func add(to table: inout RouteTable) {
    table.onHeadToo(Endpoints.health) { _, _ in .text("ok\n") }
    table.onHeadToo(Endpoints.readiness) { [isReady] _, _ in
      isReady() ? .text("ready\n") : .text("not ready\n", status: .serviceUnavailable)
    }
    table.on(Endpoints.metrics) { [settings, metricsText] request, _ in
      if let token = settings.metricsToken, !(request.bearerToken.map { Self.same($0, token) } ?? false) {
        throw APIError(
          status: .unauthorized, code: "unauthorized", message: "the metrics token is needed: Authorization: Bearer TOKEN",
          headers: [.wwwAuthenticate: "Bearer"])
      }
      return .text(metricsText(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
    let description = WrittenDescription(version: settings.version)
    table.onHeadToo(Endpoints.openAPI) { _, _ in .jsonBytes(try description.bytes()) }
  }

  /// Hashes of both are compared, so that neither the place of a difference nor a length shows in the time it takes.
  private static func same(_ left: Substring, _ right: String) -> Bool {
    constantTimeEqual(SHA256Hasher.digest(of: left), SHA256Hasher.digest(of: right))
  }
}

/// The service's own description, written when somebody first asks for it: that takes longer than all else of a start.
private final class WrittenDescription: Sendable {
  private let version: String
  private let written = Mutex<[UInt8]?>(nil)

  init(version: String) { self.version = version }

  func bytes() throws -> [UInt8] {
    try written.withLock { written in
      if let written { return written }
      let bytes = try JSONText.encode(OpenAPIDocument.make(version: version))
      written = bytes
      return bytes
    }
  }
}
