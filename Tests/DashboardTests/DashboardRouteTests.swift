import Dashboard
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@Suite("The operators' pages at the door") struct DashboardRouteTests {
  private static func application() -> some ApplicationProtocol {
    let router = Router()
    DashboardRoutes.add(to: router)
    return Application(router: router)
  }

  @Test(arguments: [TestingSetup.router, .live]) func `are served as they are, with what browsers are told of them`(
    setup: TestingSetup
  ) async throws {
    try await Self.application().test(setup) { client in
      for asset in DashboardAsset.all {
        for path in asset.paths {
          let got = try await client.execute(uri: path, method: .get)
          #expect(got.status == .ok && Array(got.body.readableBytesView) == asset.bytes, "\(path)")
          #expect(got.headers[.contentType] == asset.type.rawValue && got.headers[.eTag] == asset.entityTag)
          #expect(got.headers[.contentLength] == String(asset.bytes.count))
          Self.expectProtections(got.headers)
          let head = try await client.execute(uri: path, method: .head)
          #expect(head.status == .ok && head.body.readableBytes == 0, "\(path)")
          #expect(head.headers[.contentLength] == got.headers[.contentLength] && head.headers[.eTag] == asset.entityTag)
          Self.expectProtections(head.headers)
        }
      }
      #expect(DashboardAsset.all.flatMap(\.paths).contains("/"))
      #expect(DashboardAsset.all.flatMap(\.paths).contains("/favicon.ico"))
    }
  }

  @Test func `are sent again only to who has others`() async throws {
    try await Self.application().test(.router) { client in
      let tag = try #require(DashboardAsset.all.first { $0.paths == ["/"] }?.entityTag)
      for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*", "\"a\",\t\(tag) , \"b\""] {
        for method in [.get, .head] as [HTTPRequest.Method] {
          let answer = try await client.execute(uri: "/", method: method, headers: [.ifNoneMatch: known])
          #expect(answer.status == .notModified && answer.body.readableBytes == 0, "\(known)")
          #expect(answer.headers[.eTag] == tag && answer.headers[.cacheControl] == "no-cache")
        }
      }
      for other in ["", "\"x\"", "x", String(tag.dropFirst()), ",,,", "W/", String(repeating: "\"", count: 999)] {
        let answer = try await client.execute(uri: "/", method: .get, headers: [.ifNoneMatch: other])
        #expect(answer.status == .ok, "\(other)")
      }
    }
  }

  @Test func `are read only, and no file but theirs is`() async throws {
    try await Self.application().test(.router) { client in
      for method in [.post, .put, .patch, .delete] as [HTTPRequest.Method] {
        let answer = try await client.execute(uri: "/", method: method)
        #expect(answer.status == .methodNotAllowed && answer.headers[.allow] == "GET, HEAD")
      }
      for path in [
        "/index.html", "/assets", "/assets/", "/assets/index.html", "/assets/../Package.swift", "/assets/%2e%2e/x",
        "/assets/APP.JS", "/assets/app.js/x", "/app.js",
      ] {
        let answer = try await client.execute(uri: path, method: .get)
        #expect(answer.status == .notFound, "\(path)")
      }
    }
  }

  private static func expectProtections(_ headers: HTTPFields, sourceLocation: SourceLocation = #_sourceLocation) {
    for (name, value) in [
      (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
      ), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
      ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Cache-Control", "no-cache"),
    ] {
      #expect(headers[HTTPField.Name(name)!] == value, "\(name)", sourceLocation: sourceLocation)
    }
  }
}
