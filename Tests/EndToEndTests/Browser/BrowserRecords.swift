import Domain
import Foundation

/// What a page has said and asked for.
struct BrowserRecords: Sendable {
  /// A line of the console, of the page or of the browser about it.
  struct Message: Sendable, CustomStringConvertible {
    /// `SEVERE`, `WARNING`, `INFO`, `DEBUG`
    let level: String
    /// `console-api`, `javascript`, `network`, `security` and others.
    let source: String
    let text: String

    /// Errors of scripts, of loading, and of what a policy forbids.
    var isError: Bool { level == "SEVERE" || source == "security" }
    var description: String { "\(source): \(text)" }
  }

  /// A cookie of the page's address.
  struct Cookie: Sendable {
    let name: String
    let value: String
    let path: String
    let isHTTPOnly: Bool
    let isSecure: Bool
    /// `Strict`, `Lax` or `None`.
    let sameSite: String
  }

  fileprivate(set) var console: [Message] = []
  /// Addresses, of WebSockets too.
  fileprivate(set) var requests: [String] = []

  /// Those that are neither at an address nor part of the page itself.
  func requests(outside origin: String) -> [String] {
    requests.filter { request in
      let isOwn = request == origin || request.hasPrefix(origin + "/")
      return !isOwn && !["data:", "blob:", "about:"].contains { request.hasPrefix($0) }
    }
  }
}

extension Browser {
  /// What the page has said and asked for since the last time this was called.
  func takeRecords() async throws -> BrowserRecords {
    var taken = BrowserRecords()
    for line in try await log("browser") {
      taken.console.append(
        BrowserRecords.Message(
          level: line["level"]?.text ?? "", source: line["source"]?.text ?? "", text: line["message"]?.text ?? ""))
    }
    for line in try await log("performance") {
      let event = try JSONValue.reading(line["message"]?.text ?? "")["message"]
      let parameters = event?["params"]
      switch event?["method"]?.text {
      case "Network.requestWillBeSent": taken.requests += [parameters?["request"]?["url"]?.text].compactMap(\.self)
      case "Network.webSocketCreated":
        let url = parameters?["url"]?.text ?? ""
        taken.requests.append(url.hasPrefix("ws") ? "http" + url.dropFirst(2) : url)
      default: break
      }
    }
    return taken
  }

  private func log(_ type: String) async throws -> [JSONValue] {
    try await command("POST", "/se/log", ["type": .string(type)]).elements ?? []
  }

  /// The cookies of the page's address, of those of scripts hidden ones, too.
  var cookies: [BrowserRecords.Cookie] {
    get async throws {
      // WebDriver itself tells only of those that a document at this very path would see.
      let all = try await devTools("Network.getAllCookies")["cookies"]?.elements ?? []
      return all.map { cookie in
        BrowserRecords.Cookie(
          name: cookie["name"]?.text ?? "", value: cookie["value"]?.text ?? "", path: cookie["path"]?.text ?? "",
          isHTTPOnly: cookie["httpOnly"]?.flag == true, isSecure: cookie["secure"]?.flag == true,
          sameSite: cookie["sameSite"]?.text ?? "")
      }
    }
  }
}
