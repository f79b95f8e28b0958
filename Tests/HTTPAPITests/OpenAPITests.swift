import APIContract
import Catalog
import Cryptography
import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import HTTPAPI

@Suite struct OpenAPITests {
  @Test func everyEndpointOfTheContractHasOneRouteAndNoRouteIsWithoutOne() async throws {
    let test = try await TestService()
    let registered = APIRouter.addRoutes(
      to: Router(context: APIContext.self), test.service, APISettings(version: "test"), { true }, { "" })
    #expect(registered.sorted() == Endpoints.all.map(\.id).sorted())
    #expect(Set(registered).count == registered.count)
  }

  @Test func everyRouteIsInTheDocumentAndAnswersAsItSays() async throws {
    let test = try await TestService()
    try await test.application().test(.router) { client in
      let journey = try await DocumentedJourney(client: client)
      try await journey.run(test)
      #expect(journey.called == Set(Endpoints.all.map(\.id)))
    }
  }

  @Test func aMemberThatTheDocumentDoesNotNameIsAFault() {
    let schema: JSONValue = .object([
      "type": .string("object"), "properties": .object(["a": .object(["type": .string("integer")])]),
      "required": .array([.string("a")]),
    ])
    #expect(SchemaCheck.faults(of: .object(["a": .integer(1)]), against: schema).isEmpty)
    #expect(!SchemaCheck.faults(of: .object(["a": .integer(1), "b": .null]), against: schema).isEmpty)
    #expect(!SchemaCheck.faults(of: .object([:]), against: schema).isEmpty)
    #expect(!SchemaCheck.faults(of: .object(["a": .string("1")]), against: schema).isEmpty)
  }
}
