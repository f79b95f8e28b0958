import Domain
import Foundation
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A form") struct FormBodyTests {
  private func parse(_ text: String, deepest: Int = 32) throws -> JSONValue {
    try FormBody.parse(Array(text.utf8), deepest: deepest)
  }

  private static let forms: [(String, String)] = [
    ("", "{}"), ("&&", "{}"), ("a=1", #"{"a":"1"}"#), ("a", #"{"a":""}"#), ("a=b=c", #"{"a":"b=c"}"#),
    ("a=1+2%2B3", #"{"a":"1 2+3"}"#), ("%61=%C3%A9", #"{"a":"é"}"#), ("a%5Bb%5D=1", #"{"a":{"b":"1"}}"#),
    ("email=a%40b&password=x&app=1", #"{"app":"1","email":"a@b","password":"x"}"#),
    (
      "values[0][key]=LED&values[0][value]=ON&values[1][key]=x&values[1][value]=2",
      #"{"values":[{"key":"LED","value":"ON"},{"key":"x","value":"2"}]}"#
    ),
    ("a[]=1&a[]=2", #"{"a":["1","2"]}"#), ("a[1]=y&a[0]=x", #"{"a":["x","y"]}"#), ("0=a", #"{"0":"a"}"#),
    ("a[b][0][c]=1", #"{"a":{"b":[{"c":"1"}]}}"#), ("a]=1", #"{"a]":"1"}"#),
  ]

  @Test(arguments: forms) func `becomes the object that it spells`(form: String, json: String) throws {
    let expected = try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
    #expect(try parse(form) == expected)
  }

  @Test(arguments: [
    "=1", "[a]=1", "a[b=1", "a[=1", "a[b]c=1", "a[b]c]=1", "a[[b]]=1", "a[]b]=1", "a=%", "a=%4", "a=%zz", "a=%ff", "%ff=a",
    "a=%00", "%00=a", "a=1&a=2", "a=1&a[b]=2", "a[b]=2&a=1", "a[1]=x", "a[0]=x&a[2]=y", "a[00]=x",
    "a[99999999999999999999]=x",
  ]) func `that is malformed is refused`(form: String) {
    #expect(#expect(throws: APIError.self) { try parse(form) }?.status == .badRequest)
  }

  @Test func `is refused when it is too deep or has too many fields`() throws {
    let deep = "a" + String(repeating: "[b]", count: 32) + "=1"
    #expect(throws: APIError.self) { try parse(deep) }
    #expect(try parse("a" + String(repeating: "[b]", count: 31) + "=1")["a"] != nil)
    #expect(throws: APIError.self) { try parse("a" + String(repeating: "[b]", count: 80_000) + "=1") }
    let many = (0..<1000).map { "a[\($0)]=x" }.joined(separator: "&")
    guard case .array(let list)? = try parse(many)["a"] else { throw CancellationError() }
    #expect(list.count == 1000)
    #expect(throws: APIError.self) { try parse(many + "&b=1") }
    #expect(throws: APIError.self) { try parse(String(repeating: "&a=1", count: 100_000)) }
  }
}
