import APIClient
import Testing

@Suite struct ServerAddressTests {
  @Test func `a slash at the end and the case of the scheme do not matter; a path before the API does`() throws {
    #expect(try ServerAddress("HTTP://127.0.0.1:8080//").description == "http://127.0.0.1:8080")
    #expect(try ServerAddress("https://fleet.example/firmware/").description == "https://fleet.example/firmware")
  }

  @Test(arguments: [
    "", "fleet.example", "ftp://a", "http://", "http:///x", "http://:80", "http://a b", "http://u:p@a", "http://a?x",
    "http://a\r\nX: y",
  ])
  func `what is no plain http address is refused`(text: String) {
    #expect(throws: APIClientError.self) { try ServerAddress(text) }
  }

  @Test func `its own machine is known by name and by number`() throws {
    for text in ["http://localhost", "http://LOCALHOST:1/x", "http://127.0.0.1:8080", "http://[::1]:80"] {
      #expect(try ServerAddress(text).isLoopback)
    }
    for text in ["http://127.0.0.1.example", "http://localhost.example", "https://10.0.0.1"] {
      #expect(try !ServerAddress(text).isLoopback)
    }
  }
}
