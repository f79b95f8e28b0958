import Domain
import Foundation
import TestSupport
import Testing

/// The operators' pages as the real executable serves them, without a browser.
@Suite struct PagesServedTests {
  @Test func `the pages are on the main port, protected and with a tag, and not on the device port`() async throws {
    try await withServer(["--device-port", "0"]) { server in
      let page = try await Curl.ask(["\(server.url)/"])
      #expect(page.status == 200 && page.text.contains("<title>Firmament</title>"))
      #expect(page["content-type"] == "text/html; charset=utf-8")
      let policy = try #require(page["content-security-policy"])
      for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] { #expect(policy.contains(rule)) }
      let tag = try #require(page["etag"])
      let again = try await Curl.ask(["-H", "If-None-Match: \(tag)", "\(server.url)/"])
      #expect(again.status == 304 && again.body.isEmpty)
      let script = try await Curl.ask(["\(server.url)/assets/app.js"])
      #expect(script.status == 200 && script["content-type"]?.hasPrefix("text/javascript") == true)
      let devices = try #require(server.deviceURL)
      for path in ["/", "/assets/app.js", "/api/v1/session"] {
        let answer = try await Curl.ask([devices + path])
        #expect(answer.status == 404, "\(path)")
      }
    }
  }

  @Test func `a session outlives the executable, and not its own end`() async throws {
    let folder = try TemporaryFolder()
    let first = try await RunningServer.start(store: folder.path + "/store")
    let jar = ["-b", folder.path + "/jar", "-c", folder.path + "/jar"]
    let token = try folder.write(Data(#"{"token":"\#(first.token)"}"#.utf8), to: "token.json")
    let login = ["-H", "Content-Type: application/json", "--data-binary", "@\(token)", "\(first.url)/api/v1/session"]
    let opened = try await Curl.ask(jar + login)
    #expect(opened.status == 201)
    let csrf = try #require(opened.json?["csrf"]?.text)
    #expect(await first.terminate() == 0)
    let second = try await first.restarted()
    let session = try await Curl.ask(jar + ["\(second.url)/api/v1/session"])
    #expect(session.status == 200 && session.json?["csrf"]?.text == csrf)
    let models = try await Curl.ask(jar + ["\(second.url)/api/v1/models"])
    #expect(models.status == 200)
    let ended = try await Curl.ask(jar + ["-X", "DELETE", "-H", "X-CSRF-Token: \(csrf)", "\(second.url)/api/v1/session"])
    #expect(ended.status == 204)
    let after = try await Curl.ask(jar + ["\(second.url)/api/v1/models"])
    #expect(after.status == 401)
    try await expectSoundAndStop(second)
  }
}
