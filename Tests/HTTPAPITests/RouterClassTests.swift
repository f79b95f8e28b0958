import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A user's collections at the door") struct RouterClassTests {
  private static let path = "/v2/classes/me/notes"
  private static let done = #"{"status":"success"}"#

  @Test(arguments: Door.allCases) func `objects are stored, read, merged and deleted`(door: Door) async throws {
    let test = try await TestService()
    let ada = try await test.user()
    try await test.open(door) { front in
      let created = try await front.ask(.post, Self.path, as: ada, #"{"_id":"a/b é","n":1,"in":{"x":1,"y":2}}"#)
      #expect(created.status == 201 && created.text == #"{"status":"created","_id":"a/b é"}"#)
      #expect(created.length == created.bytes.count && created.type == "application/json")
      let path = Self.path + "/a%2Fb%20%C3%A9"
      #expect(try await front.ask(.get, path, as: ada).text == #"{"_id":"a/b é","in":{"x":1,"y":2},"n":1}"#)
      try await front.ask(.post, Self.path, as: ada, #"{"_id":"a/b é"}"#)
        .expectThingError(409, "there is an object with this _id")
      try await front.ask(.post, path, as: ada, "{}").expectThingError(409, "there is an object with this _id")

      for patch in [#"{"n":null,"in":{"x":null,"z":3}}"#, #"{"_id":"a/b é"}"#, "{}"] {
        let updated = try await front.ask(.put, path, as: ada, patch)
        #expect(updated.status == 200 && updated.text == Self.done)
        #expect(try await front.ask(.get, path, as: ada).text == #"{"_id":"a/b é","in":{"y":2,"z":3}}"#)
      }
      // The same by the path that the old documentation has.
      #expect(try await front.ask(.put, "/v2/things/notes/a%2Fb%20%C3%A9", as: ada, #"{"in":7}"#).text == Self.done)
      #expect(try await front.ask(.get, path, as: ada).text == #"{"_id":"a/b é","in":7}"#)
      for (text, message) in [
        (#"{"_id":"c"}"#, "_id: cannot change"), (#"{"_id":null}"#, "_id: a text is needed"),
        ("[1]", "the body: an object is needed"), ("1", "the body: an object is needed"), ("", "the body is not JSON"),
      ] { try await front.ask(.put, path, as: ada, text).expectThingError(400, message) }

      let deleted = try await front.ask(.delete, path, as: ada)
      #expect(deleted.status == 200 && deleted.text == Self.done)
      for answer in [
        try await front.ask(.get, path, as: ada), try await front.ask(.put, path, as: ada, "{}"),
        try await front.ask(.delete, path, as: ada), try await front.ask(.put, "/v2/things/notes/none", as: ada, "{}"),
      ] { answer.expectThingError(404, "object not found") }
    }
  }

  @Test func `a key comes from the body, from the path, or is random`() async throws {
    let test = try await TestService()
    let ada = try await test.user()
    try await test.open(.router) { front in
      var random: Set<String> = []
      for body in ["{}", #"{"_id":null,"a":1}"#, #"{"a":1}"#] {
        let key = try #require(try await front.ask(.post, Self.path, as: ada, body).json()["_id"]?.text)
        #expect(try await front.ask(.get, "\(Self.path)/\(key)", as: ada).json()["_id"]?.text == key)
        random.insert(key)
      }
      #expect(random.count == 3 && random.allSatisfy { $0.utf8.count == 22 })
      #expect(try await front.ask(.post, Self.path, as: ada, #"{"_id":7}"#).text == #"{"status":"created","_id":"7"}"#)
      #expect(try await front.ask(.get, Self.path + "/7", as: ada).text == #"{"_id":"7"}"#)
      #expect(try await front.ask(.put, Self.path + "/7", as: ada, #"{"_id":7,"b":2}"#).status == 200)
      #expect(try await front.ask(.get, Self.path + "/7", as: ada).text == #"{"_id":"7","b":2}"#)
      #expect(try await front.ask(.post, Self.path + "/k", as: ada, #"{"a":1}"#).status == 201)
      #expect(try await front.ask(.get, Self.path + "/k", as: ada).text == #"{"_id":"k","a":1}"#)
      try await front.ask(.post, Self.path + "/m", as: ada, #"{"_id":"n"}"#)
        .expectThingError(400, "_id: is another than the one in the path")
      // What Unicode calls equal is one key.
      #expect(try await front.ask(.post, Self.path, as: ada, #"{"_id":"e\u0301"}"#).status == 201)
      #expect(try await front.ask(.get, Self.path + "/%C3%A9", as: ada).status == 200)
      let long = String(repeating: "k", count: 128)
      #expect(try await front.ask(.post, "/v2/classes/me/\(long)/\(long)", as: ada, "{}").status == 201)
      for (path, body, field) in [
        (Self.path, #"{"_id":""}"#, "_id"), (Self.path, #"{"_id":"\u0007"}"#, "_id"), (Self.path, #"{"_id":" a"}"#, "_id"),
        (Self.path + "/\(long)k", "{}", "_id"), ("/v2/classes/me/\(long)k", "{}", "collection"),
        ("/v2/classes/me/%0A", "{}", "collection"), ("/v2/classes/me/%00", "{}", "collection"),
      ] {
        try await front.ask(.post, path, as: ada, body)
          .expectThingError(400, "\(field): 1 to 128 printable characters are needed")
      }
      for body in [#"{"_id":1.5}"#, #"{"_id":true}"#, #"{"_id":{}}"#] {
        try await front.ask(.post, Self.path, as: ada, body).expectThingError(400, "_id: a text is needed")
      }
      for body in ["[]", "1", "\"x\"", "null"] {
        try await front.ask(.post, Self.path, as: ada, body).expectThingError(400, "the body: an object is needed")
      }
    }
  }

  @Test(arguments: Door.allCases) func `a list is sorted by the key, last first, whole or in pages`(door: Door) async throws {
    let test = try await TestService()
    let ada = try await test.user()
    try await test.open(door) { front in
      #expect(try await front.ask(.get, Self.path, as: ada).text == "[]")
      for key in ["b", "a", "é", "B", "10", "9"] {
        #expect(try await front.ask(.post, Self.path, as: ada, #"{"_id":"\#(key)"}"#).status == 201)
      }
      #expect(try await front.ask(.post, "/v2/classes/me/other", as: ada, #"{"_id":"z"}"#).status == 201)
      func keys(_ query: String) async throws -> [String?] {
        guard case .array(let list) = try await front.ask(.get, Self.path + query, as: ada).json() else { return [nil] }
        return list.map { $0["_id"]?.text }
      }
      for query in ["", "/", "?limit=", "?limit=6", "?limit=1000000"] {
        #expect(try await keys(query) == ["é", "b", "a", "B", "9", "10"], "\(query)")
      }
      #expect(try await keys("?limit=2") == ["é", "b"])
      #expect(try await keys("?limit=2&before=b") == ["a", "B"])
      #expect(try await keys("?before=%C3%A9&limit=0") == ["b"])
      #expect(try await keys("?before=10") == [])
      try await front.ask(.get, Self.path + "?limit=x", as: ada).expectThingError(400, "limit: is no number")

      for _ in 0..<2 { #expect(try await front.ask(.delete, Self.path, as: ada).text == Self.done) }
      #expect(try await keys("") == [])
      #expect(try await front.ask(.get, "/v2/classes/me/other", as: ada).text == #"[{"_id":"z"}]"#)
    }
  }

  @Test(arguments: Door.allCases) func `another user, or the same e-mail in another app, sees nothing of it`(door: Door)
    async throws
  {
    let test = try await TestService()
    let ada = try await test.user()
    let others = [try await test.user("bob@example.com"), try await test.user(app: "other")]
    try await test.open(door) { front in
      #expect(try await front.ask(.post, Self.path, as: ada, #"{"_id":"k","secret":1}"#).status == 201)
      for other in others {
        #expect(try await front.ask(.get, Self.path, as: other).text == "[]")
        for answer in [
          try await front.ask(.get, Self.path + "/k", as: other), try await front.ask(.put, Self.path + "/k", as: other, "{}"),
          try await front.ask(.put, "/v2/things/notes/k", as: other, "{}"),
          try await front.ask(.delete, Self.path + "/k", as: other),
        ] { answer.expectThingError(404, "object not found") }
        #expect(try await front.ask(.delete, Self.path, as: other).text == Self.done)
        #expect(try await front.ask(.post, Self.path, as: other, #"{"_id":"k"}"#).status == 201, "it has its own")
      }
      #expect(try await front.ask(.get, Self.path, as: ada).text == #"[{"_id":"k","secret":1}]"#)
    }
  }

  @Test func `there are limits: the size of an object, their number, and the size of a list`() async throws {
    let test = try await TestService(
      { _ in },
      service: {
        $0.largestObject = 100
        $0.mostObjects = 3
        $0.largestList = 150
      })
    let (ada, bob) = (try await test.user(), try await test.user("bob@example.com"))
    let tooLarge = "the object would have more than 100 bytes"
    try await test.open(.router) { front in
      // {"_id":"a","x":"…"} has 18 bytes around the text.
      let full = String(repeating: "x", count: 82)
      #expect(try await front.ask(.post, Self.path, as: ada, #"{"_id":"a","x":"\#(full)"}"#).status == 201)
      try await front.ask(.post, Self.path, as: ada, #"{"_id":"b","x":"\#(full)x"}"#).expectThingError(413, tooLarge)
      try await front.ask(.put, Self.path + "/a", as: ada, #"{"y":1}"#).expectThingError(413, tooLarge)
      #expect(try await front.ask(.get, Self.path + "/a", as: ada).json()["y"] == nil, "nothing changed")
      #expect(try await front.ask(.post, Self.path, as: ada, #"{"_id":"b","x":"\#(full)"}"#).status == 201)
      try await front.ask(.get, Self.path, as: ada)
        .expectThingError(413, "the objects have more than 150 bytes: ask for pages with limit and before")
      #expect(try await front.ask(.get, Self.path + "?limit=1", as: ada).status == 200)
      #expect(try await front.ask(.post, "/v2/classes/me/other", as: ada, "{}").status == 201)
      try await front.ask(.post, Self.path, as: ada, "{}")
        .expectThingError(409, "you have 3 objects: delete some first")
      #expect(try await front.ask(.post, Self.path, as: bob, "{}").status == 201, "each user has their own")
      #expect(try await front.ask(.delete, Self.path + "/a", as: ada).status == 200)
      #expect(try await front.ask(.post, Self.path, as: ada, "{}").status == 201)
    }
  }
}
