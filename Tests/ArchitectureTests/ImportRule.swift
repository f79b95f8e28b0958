/// The README's map of rooms as a table: what each room may import. A floor imports only floors below it, and rooms of floor 1
/// do not know each other.
enum ImportRule {
  /// Allowed in every room.
  static let everywhere: Set<String> = [
    "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch",
  ]

  private static let nio: Set<String> = [
    "NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOFileSystem",
    "NIOConcurrencyHelpers",
    "HTTPTypes",
  ]
  private static let observing: Set<String> = ["Logging", "Metrics", "CoreMetrics"]
  private static let hummingbird: Set<String> = ["Hummingbird", "HummingbirdCore"]

  static let allowed: [String: Set<String>] = [
    // Floor 0
    "COpenSSL": [],
    "CLinux": [],
    "CZlib": [],
    "Domain": [],
    "Cryptography": ["COpenSSL"],
    "Telemetry": ["CoreMetrics"],
    // Floor 1
    "Doorstep": ["CLinux"],
    "Catalog": ["Domain", "GRDB"],
    "ImageStore": ["Domain", "Cryptography", "CLinux", "CZlib", "NIOCore", "NIOPosix", "NIOFileSystem"],
    "Signing": ["Domain", "Cryptography"],
    "Rollouts": ["Domain"],
    "ImageFormats": ["Domain"],
    "LiveChannels": ["Domain", "NIOCore"],
    "Mail": ["Domain", "NIOCore", "NIOPosix", "NIOSSL"],
    "Webhooks": ["Domain", "Cryptography", "AsyncHTTPClient", "NIOCore", "NIOHTTP1"],
    // Floor 2
    "FirmwareService": observing.union([
      "Catalog", "ImageStore", "Signing", "Rollouts", "ImageFormats", "LiveChannels", "Mail", "Webhooks", "Domain",
      "Cryptography", "Telemetry", "CLinux", "NIOCore", "ServiceLifecycle",
    ]),
    "APIContract": ["Domain"],
    // Floor 3
    "HTTPAPI": nio.union(observing).union(hummingbird).union([
      "FirmwareService", "LiveChannels", "Doorstep", "APIContract", "Domain", "Cryptography", "Telemetry", "NIOSSL", "NIOTLS",
      "ServiceLifecycle",
    ]),
    "Dashboard": ["Cryptography", "Domain", "Hummingbird", "HTTPTypes", "NIOCore"],
    "APIClient": ["APIContract", "Domain", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOSSL"],
  ]

  /// The executable at the door knows every room, and what it needs to read its arguments and to put things together.
  static let door = "firmament"
  static let doorExternal = nio.union(observing).union(hummingbird).union([
    "ArgumentParser", "Configuration", "ServiceLifecycle", "SystemPackage", "UnixSignals",
  ])

  /// The modules that a room's source imports although its line in the table does not have them; nil for a room that has no
  /// line.
  static func violations(room: String, source: String) -> [String]? {
    let imported = imports(in: source).filter { $0 != room && !everywhere.contains($0) }
    if room == door { return imported.filter { allowed[$0] == nil && !doorExternal.contains($0) } }
    return allowed[room].map { allowed in imported.filter { !allowed.contains($0) } }
  }

  /// The modules of `import X`, `public import X`, `@testable import X`, `import struct X.Y`, `@_exported import X`, in order.
  static func imports(in source: String) -> [String] {
    source.split(whereSeparator: { $0.isNewline || $0 == ";" }).compactMap { line in
      var words = line.split(whereSeparator: \.isWhitespace)[...]
      while let word = words.first, word.hasPrefix("@") || accessLevels.contains(String(word)) { words = words.dropFirst() }
      guard words.popFirst() == "import", let first = words.popFirst() else { return nil }
      let path = kinds.contains(String(first)) ? words.first : first
      return path?.split(separator: ".").first.map(String.init)
    }
  }

  private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
  private static let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor"]
}
