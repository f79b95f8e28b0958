import Domain
import FirmwareService
import Foundation
import Hummingbird
import Testing

@testable import HTTPAPI

/// What things write and read of their resources, as the wire page says (sections 3.2 to 3.10).
@Suite struct RouterResourceTests {
  /// Lets `body` act as a thing: it gets a function that writes values, and the path of the thing.
  private func asThing(
    _ door: Door = .router, _ body: @escaping @Sendable (FrontDoor, _ path: String, TestService) async throws -> Void
  ) async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    try await test.open(door) { try await body($0, "/v2/things/\(token)", test) }
  }

  @Test(arguments: Door.allCases) func `any JSON value keeps its type, newest first, and a second read is the same`(
    door: Door
  ) async throws {
    try await asThing(door) { door, path, _ in
      let values = ["-7", "23.5", #""23.00""#, "true", "null", "[1,[]]", #"{"a":{"b":"é/\"\\"}}"#, "9007199254740993"]
      for (second, value) in values.enumerated() {
        let body = #"{"values":[{"key":"v_1.x-Y","value":\#(value),"datetime":"2015052013000\#(second)"}]}"#
        let answer = try await door.post(path, body)
        #expect(answer.status == 201)
        #expect(answer.text == #"{"status":"created","message":"created"}"#)
      }
      let read = try await door.get(path + "/resources/v_1.x-Y?limit=100")
      #expect(read.status == 200)
      let expected = values.enumerated().reversed().map { second, value in
        #"{"key":"v_1.x-Y","value":\#(value),"datetime":"2015-05-20T13:00:0\#(second).000Z"}"#
      }
      #expect(read.text == "[\(expected.joined(separator: ","))]")
      #expect(read.length == read.bytes.count)
      #expect(try await door.get(path + "/resources/v_1.x-Y").text == "[\(expected[0])]")
    }
  }

  @Test func `values of one write with the same time are all there, the later one first`() async throws {
    try await asThing { door, path, _ in
      let same = (0..<5).map { #"{"key":"n","value":\#($0),"datetime":"20200101000000"}"# }.joined(separator: ",")
      #expect(try await door.post(path, "{\"values\":[\(same)]}").status == 201)
      let read = try await door.get(path + "/resources/n?limit=9").json()
      guard case .array(let values) = read else { throw CancellationError() }
      #expect(values.map { $0["value"] } == (0..<5).reversed().map { .integer($0) })
    }
  }

  @Test(arguments: [
    ("20150520130000", "2015-05-20T13:00:00.000Z"), ("20150520T130000", "2015-05-20T13:00:00.000Z"),
    ("2015-05-20T13:00:00.123Z", "2015-05-20T13:00:00.123Z"), ("2015-05-20T13:00:00.123456", "2015-05-20T13:00:00.123Z"),
    ("1432126800", "2015-05-20T13:00:00.000Z"), ("1432126800123", "2015-05-20T13:00:00.123Z"),
  ]) func `every form of a time that clients send is read as UTC`(form: (sent: String, kept: String)) async throws {
    try await asThing { door, path, _ in
      let isNumber = form.sent.allSatisfy(\.isNumber)
      for literal in ["\"\(form.sent)\""] + (isNumber ? [form.sent] : []) {
        let answer = try await door.post(path, #"{"values":[{"key":"t","value":1,"datetime":\#(literal)}]}"#)
        #expect(answer.status == 201, "\(answer.text)")
        #expect(try await door.get(path + "/resources/t").text.contains(form.kept))
      }
    }
  }

  private func numbers(_ door: FrontDoor, _ path: String, _ query: String) async throws -> [Int64] {
    let read = try await door.get("\(path)/resources/n?\(query)").json()
    guard case .array(let values) = read else { return [] }
    var numbers: [Int64] = []
    for case .integer(let number)? in values.map({ $0["value"] }) { numbers.append(number) }
    return numbers
  }

  @Test func `a start is inclusive, an end is not, and a limit out of range is clamped`() async throws {
    try await asThing { door, path, _ in try await checkRanges(door, path) }
  }

  private func checkRanges(_ door: FrontDoor, _ path: String) async throws {
    let values = (0..<150).map { #"{"key":"n","value":\#($0),"datetime":\#(1_500_000_000 + $0)}"# }
    #expect(try await door.post(path, "{\"values\":[\(values.joined(separator: ","))]}").status == 201)
    #expect(try await numbers(door, path, "limit=1000") == (50..<150).reversed())
    #expect(try await numbers(door, path, "limit=0") == [149])
    #expect(try await numbers(door, path, "limit=-3") == [149])
    #expect(try await numbers(door, path, "limit=many") == [149])
    #expect(try await numbers(door, path, "limit=9&startDate=1500000010&endDate=1500000013") == [12, 11, 10])
    #expect(try await numbers(door, path, "limit=9&startDate=2017-07-14T02:42:00.000Z") == (141..<150).reversed())
    #expect(try await numbers(door, path, "startDate=2030-01-01T00:00:00Z") == [])
  }

  @Test func `what was never written is not found, and a description is just empty`() async throws {
    try await asThing { door, path, _ in
      try await door.get(path + "/resources/never").expectThingError(404, "resource not found")
      try await door.get(path + "/resources/$settings.name").expectThingError(404, "resource not found")
      #expect(try await door.get(path + "/resources/description").text == "[]")
      #expect(try await door.get(path + "/resources").text == #"{"resources":[],"status":"success"}"#)
      #expect(try await door.get(path + "/all_resources").text == "[]")
      try await door.get("/v2/things/unknown/resources/never").expectThingError(404, "thing not found")
    }
  }

  @Test(arguments: [
    (#"{"values":[{"key":"a b","value":1}]}"#, "key"), (#"{"values":[{"key":"","value":1}]}"#, "key"),
    (#"{"values":[{"key":"é","value":1}]}"#, "key"), (#"{"values":[{"key":"a/b","value":1}]}"#, "key"),
    (#"{"values":[{"key":"$led","value":1}]}"#, "key"), (#"{"values":[{"key":"$","value":1}]}"#, "key"),
    (#"{"values":[{"key":"$settings.","value":1}]}"#, "key"), (#"{"values":[{"key":"$settingsX","value":1}]}"#, "key"),
    (#"{"values":[{"key":7,"value":1}]}"#, "key"), (#"{"values":[{"value":1}]}"#, "key"),
    (#"{"values":[{"key":"a"}]}"#, "value"), (#"{"values":[]}"#, "values"), ("{}", "values"), ("[]", "type"), ("", "JSON"),
    (#"{"values":[{"key":"a","value":1,"datetime":"yesterday"}]}"#, "datetime"),
    (#"{"values":[{"key":"a","value":1,"datetime":true}]}"#, "datetime"),
    (#"{"values":[{"key":"a","value":1,"datetime":"20151301000000"}]}"#, "datetime"),
    (#"{"values":[{"key":"a","value":1,"geo":{"lat":91,"long":0}}]}"#, "geo"),
    (#"{"values":[{"key":"$geo","value":[1]}]}"#, "$geo"), (#"{"values":[{"key":"$geo","value":null}]}"#, "$geo"),
    (#"{"values":[{"key":"$settings","value":7}]}"#, "$settings"), (#"{"values":[{"key":"$link","value":1}]}"#, "$link"),
  ]) func `bad input is refused with the name of the field, and nothing of the write is kept`(
    bad: (body: String, field: String)
  ) async throws {
    try await asThing { door, path, _ in
      let answer = try await door.post(path, bad.body)
      #expect(answer.status == 400, "\(answer.text)")
      #expect(try answer.json()["message"]?.text?.contains(bad.field) == true, "\(answer.text)")
      // The same after a good value: all or nothing.
      let mixed = bad.body.replacing("{\"values\":[", with: #"{"values":[{"key":"good","value":1},"#)
      guard mixed != bad.body, !mixed.contains(",]") else { return }
      #expect(try await door.post(path, mixed).status == 400)
      #expect(try await door.get(path + "/resources/good").status == 404)
    }
  }

  @Test func `a key may be 128 characters long and no longer`() async throws {
    try await asThing { door, path, _ in
      for (length, status) in [(128, 201), (129, 400)] {
        let key = String(repeating: "k", count: length)
        let answer = try await door.post(path, #"{"values":[{"key":"\#(key)","value":1}]}"#)
        #expect(answer.status == status)
      }
    }
  }

  @Test func `a place that comes with a value is kept with it, also when its numbers are texts`() async throws {
    try await asThing { door, path, _ in
      _ = try await door.post(path, #"{"values":[{"key":"a","value":1,"geo":{"lat":"41.5","long":"2.25"},"units":"C"}]}"#)
      #expect(
        try await door.get(path + "/resources/a").json()[0]?["geo"] == .object(["lat": .number(41.5), "long": .number(2.25)]))
    }
  }

  @Test(arguments: [
    #"{"key":"$geo","value":{"type":"Point","coordinates":[2.25,41.5]}}"#, #"{"key":"$geo","value":[2.25,41.5]}"#,
    #"{"key":"$geo","value":null,"geo":{"lat":41.5,"long":2.25}}"#,
  ]) func `a place is kept as a GeoJSON Point, however it was written`(record: String) async throws {
    try await asThing { door, path, _ in
      #expect(try await door.post(path, "{\"values\":[\(record)]}").status == 201)
      let value = try await door.get(path + "/resources/$geo").json()[0]?["value"]
      #expect(value == .object(["type": .string("Point"), "coordinates": .array([.number(2.25), .number(41.5)])]))
    }
  }

  @Test func `settings merge, one by one and as objects, and null removes one`() async throws {
    try await asThing { door, path, _ in try await checkSettings(door, path) }
  }

  private func checkSettings(_ door: FrontDoor, _ path: String) async throws {
    func write(_ key: String, _ value: String) async throws {
      #expect(try await door.post(path, #"{"values":[{"key":"\#(key)","value":\#(value)}]}"#).status == 201)
    }
    try await write("$settings", #"{"name":"x","led":{"on":true,"hue":3}}"#)
    try await write("$settings.name", #""My Thing""#)
    try await write("$settings.led.hue", "null")
    try await write("$settings.a.b", "[1]")
    let all = try await door.get(path + "/resources/$settings").json()[0]
    #expect(all?["key"]?.text == "$settings")
    #expect(
      all?["value"]
        == .object([
          "name": .string("My Thing"), "led": .object(["on": .bool(true)]), "a": .object(["b": .array([.integer(1)])]),
        ]))
    let name = try await door.get(path + "/resources/$settings.name").json()[0]
    #expect(name?["key"]?.text == "$settings.name")
    #expect(name?["value"]?.text == "My Thing")
    #expect(try await door.get(path + "/resources/$settings.led.on").json()[0]?["value"] == .bool(true))
    #expect(try await door.get(path + "/resources/$settings.led.hue").status == 404)
    #expect(try await door.get(path + "/resources").text == #"{"resources":[],"status":"success"}"#)
  }

  @Test func `names and the newest values of all resources are listed`() async throws {
    try await asThing { door, path, _ in
      _ = try await door.post(path, #"{"values":[{"key":"b","value":1},{"key":"a","value":2},{"key":"b","value":3}]}"#)
      #expect(try await door.get(path + "/resources/").text == #"{"resources":["a","b"],"status":"success"}"#)
      let all = try await door.get(path + "/all_resources?limit=1").json()
      #expect(all[0]?["key"]?.text == "a")
      #expect(all[1]?["values"]?[0]?["value"] == .integer(3))
      #expect(all[1]?["values"]?[1] == nil)
    }
  }

  @Test func `a description is one document that a write replaces`() async throws {
    try await asThing { door, path, _ in
      for document in [#"{"a":1,"b":2}"#, #"{"b":3}"#] {
        let answer = try await door.send(.put, path + "/resources/description", body: Array(document.utf8))
        #expect(answer.text == #"{"status":"success"}"#)
        #expect(try await door.get(path + "/resources/description").json()[0]?["value"]?.json == document)
      }
    }
  }

  @Test func `tags are added in every form, once each, and taken off by id or name`() async throws {
    try await asThing { door, path, _ in
      let added = try await door.post(path + "/tags", #"{"tag":"canary"}"#)
      #expect(added.status == 201)
      let id = try #require(try added.json()["tag"]?["_id"]?.text)
      #expect(try added.json()["message"]?.text == "tag added")
      for body in [#"{"name":"canary"}"#, #"{"tags":["b","a b"]}"#, #"["b"]"#] {
        #expect(try await door.post(path + "/tags", body).status == 201)
      }
      let tags = try await door.get(path + "/tags").json()
      guard case .array(let list)? = tags["tags"] else { throw CancellationError() }
      #expect(list.map { $0["name"]?.text } == ["a b", "b", "canary"])
      #expect(list[2]["_id"]?.text == id)
      #expect(try await door.send(.delete, path + "/tags/\(id)").text == #"{"status":"success","message":"tag deleted"}"#)
      #expect(try await door.send(.delete, path + "/tags/a%20b").status == 200)
      try await door.send(.delete, path + "/tags/\(id)").expectThingError(404, "tag not found")
      for body in [
        "7", "{}", #"{"tag":""}"#, #"{"tag":7}"#, "[]", #"["a",7]"#, #"{"tag":"\#(String(repeating: "x", count: 65))"}"#,
      ] {
        #expect(try await door.post(path + "/tags", body).status == 400, "\(body)")
      }
      let many = (0..<100).map { "\"t\($0)\"" }.joined(separator: ",")
      #expect(try await door.post(path + "/tags", "[\(many)]").status == 409)
      #expect(try await !door.get(path + "/tags").text.contains(#""name":"t5""#))
    }
  }

  @Test(arguments: ["/v2/utils/date/", "/v2/utils/date", "/v2//utils/date?format=UTC", "/v2/utils/date?thingToken=x&format="])
  func `the date ends as small clients look for it`(path: String) async throws {
    let test = try await TestService()
    try await test.open(.router) { door in
      #expect(try await door.get(path).text == #"[{"key":"date","value":"2025-06-15T15:06:40.999Z"}]"#)
      #expect(try await door.get("/v2/utils/date?format=unix_timestamp").text == #"[{"key":"date","value":1750000000}]"#)
      try await door.get("/v2/utils/date?format=GMT").expectThingError(400, "format: UTC or unix_timestamp is needed")
    }
  }

  @Test func `what one thing writes, another does not see`() async throws {
    try await asThing { door, path, test in
      _ = try await door.post(path, #"{"values":[{"key":"a","value":1}]}"#)
      _ = try await door.post(path + "/tags", #"{"tag":"x"}"#)
      let other = "/v2/things/\(try await test.activate())"
      #expect(try await door.get(other + "/resources/a").status == 404)
      #expect(try await door.get(other + "/resources").text == #"{"resources":[],"status":"success"}"#)
      #expect(try await door.get(other + "/tags").text == #"{"status":"success","tags":[]}"#)
      #expect(try await door.send(.delete, other + "/tags/x").status == 404)
    }
  }
}

extension JSONValue {
  /// The element of an array; nil where there is none.
  subscript(index: Int) -> JSONValue? {
    guard case .array(let values) = self, values.indices.contains(index) else { return nil }
    return values[index]
  }
}
