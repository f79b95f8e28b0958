import Testing

@testable import firmament

@Suite struct ServerDiscoveryTests {
  private func find(
    url: String? = nil, token: String? = nil, _ environment: [String: String] = [:], files: [String: String] = [:]
  ) throws -> String {
    let found = try ServerDiscovery(environment: environment) { files[$0] }.find(url: url, token: token)
    return "\(found.address) \(found.token)"
  }

  private let profile = ["/home/a/.config/firmament/profile.json": #"{"url":"https://fleet.example","token":"saved"}"#]

  @Test func `options win over the environment, it over the profile, and that over the store`() throws {
    let files = profile.merging(["firmware-store/operator.token": "local\n"]) { $1 }
    let environment = ["HOME": "/home/a", "FIRMAMENT_URL": "http://env", "FIRMAMENT_TOKEN": "env"]
    #expect(try find(url: "http://flag/", token: "flag", environment, files: files) == "http://flag flag")
    #expect(try find(environment, files: files) == "http://env env")
    #expect(try find(["HOME": "/home/a"], files: files) == "https://fleet.example saved")
    #expect(try find(files: files) == "http://127.0.0.1:8080 local")
  }

  @Test func `the store's own address and another store folder are heeded`() throws {
    let files = ["/s/operator.token": "t", "/s/server.url": "http://127.0.0.1:9000\n"]
    #expect(try find(["FIRMAMENT_STORE": "/s"], files: files) == "http://127.0.0.1:9000 t")
  }

  @Test func `a saved or local token is never sent to another server`() {
    let files = profile.merging(["firmware-store/operator.token": "local"]) { $1 }
    #expect(throws: CommandFailure.self) { try find(url: "http://stranger.example", ["HOME": "/home/a"], files: files) }
  }

  @Test func `blank settings count as absent, and a token with a line break inside is refused`() throws {
    let files = ["firmware-store/operator.token": "local"]
    #expect(try find(["FIRMAMENT_URL": " ", "FIRMAMENT_TOKEN": ""], files: files) == "http://127.0.0.1:8080 local")
    #expect(throws: CommandFailure.self) { try find(token: "a\r\nX: y", files: files) }
    #expect(throws: (any Error).self) { try find(url: "http://u@h", token: "t") }
  }
}
