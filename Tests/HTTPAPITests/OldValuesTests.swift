import Domain
import FirmwareService
import Testing

@testable import HTTPAPI

@Suite("The retention of a model", .timeLimit(.minutes(10))) struct OldValuesTests {
  @Test func `leaves the store's writer alone where nothing has to go`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      for number in 1...3 { try await home.write(device, "t", "\(number)") }
      _ = try await home.test.service.setRetention(Retention(values: 3, seconds: 60), of: "lamp", by: "ada")
      let hold = WriterHold(home.test.catalog)
      await hold.begun()
      #expect(try await home.test.service.trimValues() == 0)
      hold.end()
      try await home.write(device, "t", "4")
      #expect(try await home.test.service.trimValues() == 1)
      #expect(try await home.values("t", of: device, as: home.ada) == ["4", "3", "2"])
    }
  }

  @Test func `is that of a former owner's values too`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      for number in 1...5 { try await home.write(device, "t", "\(number)") }
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.link(device, as: home.bob).status == 200)
      for number in 6...9 { try await home.write(device, "t", "\(number)") }
      _ = try await home.test.service.setRetention(Retention(values: 2, seconds: nil), of: "lamp", by: "ada")
      #expect(try await home.test.service.trimValues() == 5)
      #expect(try await home.values("t", of: device, as: home.bob) == ["9", "8"])
    }
  }

  @Test func `is whatever lets more go, of age and of number`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      for number in 1...6 {
        try await home.write(device, "t", "\(number)")
        home.test.clock.advance(seconds: 10)
      }
      _ = try await home.test.service.setRetention(Retention(values: 4, seconds: 20), of: "lamp", by: "ada")
      #expect(try await home.test.service.trimValues() == 4)
      #expect(try await home.values("t", of: device, as: home.ada) == ["6", "5"])
      _ = try await home.test.service.setRetention(Retention(values: 1, seconds: 600), of: "lamp", by: "ada")
      #expect(try await home.test.service.trimValues() == 1)
      home.test.clock.advance(seconds: 6000)
      #expect(try await home.test.service.trimValues() == 0)
      #expect(try await home.values("t", of: device, as: home.ada) == ["6"])
    }
  }
}
