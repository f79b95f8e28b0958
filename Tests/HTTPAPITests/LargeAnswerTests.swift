import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An answer of values") struct LargeAnswerTests {
  @Test(arguments: Door.allCases) func `has a bound, and what is beyond it is refused with what to do`(door: Door) async throws
  {
    try await Household.open(door, service: { $0.largestList = 1000 }) { home in
      let devices = [try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada)]
      for device in devices {
        for key in ["t", "u"] {
          for number in 1...3 { try await home.write(device, key, "\"\(number)\(String(repeating: "x", count: 170))\"") }
        }
      }
      let (thing, mine) = ("/v2/things/\(devices[0].token)", "/v2/me/resources/t")
      let refusal = "the values have more than 1000 bytes: ask for fewer with limit, startDate and endDate"
      func expect(_ path: String, upTo limit: Int) async throws {
        #expect(try await home.read(path + "?limit=\(limit)", as: home.ada).contains("xxx"))
        try await home.front.ask(.get, path + "?limit=\(limit + 1)", as: home.ada).expectThingError(413, refusal)
      }
      // A value has 237 bytes with what is around it.
      try await expect(thing + "/all_resources", upTo: 2)
      try await expect(mine, upTo: 2)
      for path in [thing + "/resources/t", mine + "/\(devices[0].id)"] {
        #expect(try await home.read(path + "?limit=100", as: home.ada).contains("xxx"))
      }
      for number in 4...5 { try await home.write(devices[0], "t", "\"\(number)\(String(repeating: "x", count: 170))\"") }
      for path in [thing + "/resources/t", mine + "/\(devices[0].id)"] { try await expect(path, upTo: 4) }
      // Many names count as well, however small their values are.
      let many = (0..<20).map { #"{"key":"k\#($0)","value":1}"# }.joined(separator: ",")
      let other = try await home.newDevice()
      #expect(try await home.front.post("/v2/things/\(other.token)", #"{"values":[\#(many)]}"#).status == 201)
      try await home.front.get("/v2/things/\(other.token)/all_resources").expectThingError(413, refusal)
    }
  }
}
