import Catalog
public import Domain
import Foundation

extension FirmwareService {
  /// Whether an app that no operator created is taken as one.
  var isOpenToApps: Bool { settings.openApps ?? !accounts.hasDeclaredApps }

  /// Creates an app, or declares one that a client's request made: again is a success.
  /// - Returns: the app, and whether it was not declared before.
  public func createApp(_ name: String, by actor: String) async throws -> (app: App, isNew: Bool) {
    let now = clock()
    let name = try Self.appName(name)
    let audit = AuditEntry(at: now, actor: actor, action: "app.create", subject: name)
    let made = try await translatingErrors { try await catalog.declareApp(name, at: now, audit: audit) }
    accounts.noteDeclaredApp()
    return made
  }

  /// Apps, newest first.
  public func listApps(_ page: PageRequest) async throws -> Page<App> {
    let after = try page.rowID()
    let apps = try await translatingErrors { try await catalog.apps(after: after, limit: page.limit + 1) }
    return Page(Array(apps.prefix(page.limit)), next: apps.count > page.limit ? String(apps[page.limit - 1].id) : nil)
  }

  /// The name of an app as it is stored.
  static func appName(_ name: String) throws -> String {
    let name = name.precomposedStringWithCanonicalMapping
    guard PrintableText.isName(name) else { throw ServiceError(.malformed, "app: 1 to 64 printable characters are needed") }
    return name
  }

  func reloadApps() async throws {
    if try await translatingErrors({ try await catalog.hasDeclaredApps() }) { accounts.noteDeclaredApp() }
  }
}
