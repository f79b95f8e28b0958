// swift-tools-version: 6.2
import PackageDescription

// The map of rooms: one line a target, floors from the ground up. A floor imports only floors below it, and rooms of floor 1
// never import each other; Tests/ArchitectureTests reads the import lines and holds this, since the compiler alone does not.

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: strict)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")

let package = Package(
  name: "firmament",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "firmament", targets: ["firmament"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Floor 0: ground
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CLinux"),
    room("Domain", []),
    room("Cryptography", ["COpenSSL"]),
    room("Telemetry", [coreMetrics]),

    // Floor 1: rooms that do not know each other
    room("Doorstep", ["CLinux"]),
    room("Catalog", ["Domain", grdb]),
    room("ImageStore", ["Domain", "Cryptography", "CLinux", nioCore, nioPosix]),
    room("Signing", ["Domain", "Cryptography"]),
    room("Rollouts", ["Domain"]),
    room("ImageFormats", ["Domain"]),
    room("LiveChannels", ["Domain", nioCore]),
    room("Mail", ["Domain", nioCore, nioPosix, nioSSL]),
    room("Webhooks", ["Domain", "Cryptography", httpClient, nioCore, nioHTTP1]),

    // Floor 2: work
    room(
      "FirmwareService",
      [
        "Catalog", "ImageStore", "Signing", "Rollouts", "ImageFormats", "LiveChannels", "Mail", "Webhooks", "Domain",
        "Cryptography", "Telemetry", "CLinux", nioCore, log, metrics, lifecycle,
      ]),
    room("APIContract", ["Domain"]),

    // Floor 3: faces
    room(
      "HTTPAPI",
      [
        "FirmwareService", "LiveChannels", "Doorstep", "APIContract", "Domain", "Cryptography", "Telemetry", hummingbird,
        hummingbirdCore, nioCore, nioPosix, nioHTTP1, nioWebSocket, nioHTTPTypes, nioSSL, nioTLS,
        httpTypes, log, metrics, lifecycle,
      ]),
    room(
      "Dashboard", ["Cryptography", "Domain", hummingbird, httpTypes, nioCore], resources: [.embedInCode("Assets")]),
    room("APIClient", ["APIContract", "Domain", httpClient, nioCore, nioHTTP1, nioSSL]),

    // Floor 4: door
    .executableTarget(
      name: "firmament",
      dependencies: [
        "HTTPAPI", "Dashboard", "FirmwareService", "APIClient", "APIContract", "Catalog", "ImageStore", "Signing",
        "LiveChannels", "Mail", "Webhooks", "Cryptography", "Telemetry", "Domain", "CLinux", arguments,
        configuration, log, metrics, lifecycle, signals, systemPackage, hummingbird,
        nioCore, nioPosix,
      ],
      swiftSettings: strict),

    // Tests, and what they share
    .target(name: "CSpawn", path: "Tests/CSpawn"),
    .target(
      name: "TestSupport", dependencies: ["CSpawn"], path: "Tests/TestSupport", exclude: ["PostOffice/post_office.py"],
      swiftSettings: strict),
    tests("ArchitectureTests", []),
    tests("DomainTests", ["Domain"]),
    tests("CryptographyTests", ["Cryptography"]),
    tests("DoorstepTests", ["Doorstep", "CLinux"]),
    tests("CatalogTests", ["Catalog", "Domain", grdb]),
    tests("ImageStoreTests", ["ImageStore", "Domain", "Cryptography", nioCore, nioPosix]),
    tests("SigningTests", ["Signing", "Cryptography", "Domain"]),
    tests("TelemetryTests", ["Telemetry", coreMetrics]),
    tests("RolloutsTests", ["Rollouts", "Domain"]),
    tests("ImageFormatsTests", ["ImageFormats", "Domain"]),
    tests("LiveChannelsTests", ["LiveChannels", "Domain", nioCore, nioPosix, nioEmbedded]),
    tests("MailTests", ["Mail", "Domain", nioCore, nioPosix, nioSSL]),
    tests("WebhooksTests", ["Webhooks", "Cryptography", "Domain", nioCore, nioPosix]),
    tests(
      "FirmwareServiceTests",
      [
        "FirmwareService", "Catalog", "ImageStore", "Rollouts", "Signing", "Mail", "Webhooks", "Cryptography", "Domain", grdb,
        log, nioCore, nioPosix, lifecycle,
      ]),
    tests(
      "HTTPAPITests",
      [
        "HTTPAPI", "FirmwareService", "LiveChannels", "Catalog", "ImageStore", "Signing", "Cryptography", "APIContract",
        "Doorstep", "Domain",
        nioWebSocket, hummingbirdTesting, hummingbirdCore, log, nioPosix, httpTypes, hummingbird, nioCore, nioHTTP1,
        nioEmbedded, nioSSL, lifecycle,
      ]),
    tests("DashboardTests", ["Dashboard", hummingbird, hummingbirdTesting, httpTypes, nioCore]),
    tests("CommandTests", ["firmament", "APIClient", "APIContract", "Domain", arguments, nioCore, nioPosix, nioHTTP1]),
    tests(
      "EndToEndTests", ["firmament", "APIClient", "APIContract", "Cryptography", "Domain", httpClient, nioCore, nioHTTP1],
      exclude: ["Fixtures"]),
  ]
)
