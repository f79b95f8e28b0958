import Catalog
import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Testing

@testable import HTTPAPI

/// A device that speaks hawkBit's DDI, as a test plays it.
struct DDIDevice: Sendable {
  let world: RolloutWorld
  /// Of characters that a path takes as they are.
  let id: String
  /// The value of `Authorization`.
  let authorization: String
  var tenant = "DEFAULT"

  var base: String { "/\(tenant)/controller/v1/\(id)" }
  /// As operators name it.
  var thing: PlayedThing { PlayedThing(id: id, token: "") }

  /// - Parameter path: behind that of the device.
  func send(
    _ method: HTTPRequest.Method, _ path: String = "", _ body: String? = nil, _ headers: HTTPFields = [:]
  ) async throws -> Answer {
    var headers = headers
    if headers[.authorization] == nil { headers[.authorization] = authorization }
    if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
    return try await world.front.send(method, base + path, headers, body: body.map { Array($0.utf8) })
  }

  func get(_ path: String = "", _ headers: HTTPFields = [:]) async throws -> Answer { try await send(.get, path, nil, headers) }

  // MARK: Polls

  /// What a poll links to, by name, as paths behind that of the device. Of what it is to do now there has to be one at most.
  func links(sourceLocation: SourceLocation = #_sourceLocation) async throws -> [String: String] {
    let answer = try await get()
    #expect(answer.status == 200, "\(answer.text)", sourceLocation: sourceLocation)
    let body = try answer.json()
    // What memory alone says is the same, where it says anything.
    if let credentials = ControllerCredentials(authorization: authorization) {
      let session = try await world.test.service.identifyController(id.removingPercentEncoding ?? id, credentials)
      let poll = try await world.test.service.pollController(session)
      let quick = world.test.service.pollController(session.controllerID, credentials)?.poll
      #expect(quick == nil || quick == poll, sourceLocation: sourceLocation)
    }
    #expect(body["config"]?["polling"]?["sleep"]?.text?.utf8.count == 8, sourceLocation: sourceLocation)
    guard let links = body["_links"], case .object(let members) = links else { return [:] }
    #expect(!members.isEmpty, "what links to nothing is left out", sourceLocation: sourceLocation)
    let now = Set(members.keys).intersection(["deploymentBase", "cancelAction", "confirmationBase"])
    #expect(now.count <= 1, "\(now)", sourceLocation: sourceLocation)
    return members.compactMapValues { link in
      link["href"]?.text.flatMap { $0.components(separatedBy: "/controller/v1/\(id)").last }
    }
  }

  /// The number of the action that a poll names for this, nil where it names none.
  func action(_ name: String = "deploymentBase", sourceLocation: SourceLocation = #_sourceLocation) async throws -> String? {
    try await links(sourceLocation: sourceLocation)[name]?.dropFirst(name.utf8.count + 2).prefix { $0 != "?" }.description
  }

  /// The update that it is told of.
  func deployment(_ action: String, _ name: String = "deploymentBase") async throws -> JSONValue {
    let answer = try await get("/\(name)/\(action)")
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  // MARK: Words

  static func feedback(_ execution: String, _ finished: String = "none", _ more: String = "") -> String {
    #"{"status":{"execution":"\#(execution)","result":{"finished":"\#(finished)"}\#(more)}}"#
  }

  /// - Returns: the status of the answer, which has to be empty where it has no error to tell.
  @discardableResult func report(
    _ execution: String, _ finished: String = "none", on action: String, _ name: String = "deploymentBase",
    _ more: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Int {
    let answer = try await send(.post, "/\(name)/\(action)/feedback", Self.feedback(execution, finished, more))
    if [200, 401, 404, 410].contains(answer.status) {
      #expect(answer.bytes.isEmpty && answer.length == 0, "\(answer.text)", sourceLocation: sourceLocation)
    }
    return answer.status
  }

  /// - Parameter data: members of an object.
  @discardableResult func tell(_ data: String, mode: String? = nil) async throws -> Int {
    let mode = mode.map { #""mode":"\#($0)","# } ?? ""
    return try await send(.put, "/configData", "{\(mode)\"data\":{\(data)}}").status
  }

  /// Fetches the file of a firmware of version 2, or of another.
  func fetch(_ version: String = "2", mcu: String = "main", _ headers: HTTPFields = [:]) async throws -> Answer {
    try await get(try await file(version, mcu: mcu), headers)
  }

  /// The path of that file.
  func file(_ version: String = "2", mcu: String = "main") async throws -> String {
    let publicID = world.firmwares["\(mcu) \(version)"]
    let module = try await world.test.catalog.firmwares().first { $0.publicID == publicID }?.id ?? 0
    return "/softwaremodules/\(module)/artifacts/lamp-\(mcu)-\(version).bin"
  }

  // MARK: What operators see

  func shown() async throws -> JSONValue {
    let answer = try await world.front.operate(.get, "/api/v1/things/\(id)")
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  /// Where the newest firmware on an MCU stands, as `thing show` says it.
  func state(mcu: Int = 0) async throws -> String? {
    DocumentedJourney.entries(try await shown(), "mcus")[mcu]["firmware"]?["state"]?.text
  }

  func running(mcu: Int = 0) async throws -> String? {
    DocumentedJourney.entries(try await shown(), "mcus")[mcu]["version"]?.text
  }
}

extension RolloutWorld {
  func gatewayToken() async throws -> String {
    try await front.operate(.post, "/api/v1/models/lamp/gateway-token", "{}").json()["token"]?.text ?? ""
  }

  /// Changes settings of the model.
  func set(_ body: String) async throws {
    let answer = try await front.operate(.patch, "/api/v1/models/lamp", body)
    #expect(answer.status == 200, "\(answer.text)")
  }

  /// A device that comes by the gateway token, and has said what it runs on every MCU.
  func device(_ id: String = "dev-1", running version: String? = "1") async throws -> DDIDevice {
    let device = DDIDevice(world: self, id: id, authorization: "GatewayToken \(try await gatewayToken())")
    #expect(try await device.get().status == 200)
    if let version {
      let data = mcus.map { #""sw_version_\#($0)":"\#(version)""# }.joined(separator: ",")
      #expect(try await device.tell(data) == 200)
    }
    return device
  }

  /// A device that comes by the token of its thing.
  func deviceOfThing(_ id: String = "dev-1") async throws -> (device: DDIDevice, token: String) {
    let token = try await test.activate()
    return (DDIDevice(world: self, id: id, authorization: "TargetToken \(token)"), token)
  }
}
