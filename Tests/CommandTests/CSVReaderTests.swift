import Testing

@testable import firmament

@Suite struct CSVReaderTests {
  private func fields(_ text: String) throws -> [[String]] { try CSVReader.records(Array(text.utf8)).map(\.fields) }

  private func failure(_ bytes: [UInt8]) -> CSVReader.Malformed? {
    do {
      _ = try CSVReader.records(bytes)
      return nil
    } catch { return error }
  }

  @Test func `records end with LF, CRLF, or the end of the file`() throws {
    #expect(try fields("a,b\nc,d") == [["a", "b"], ["c", "d"]])
    #expect(try fields("a,b\r\nc,d\r\n") == [["a", "b"], ["c", "d"]])
    #expect(try fields("a,b\r") == [["a", "b"]])
  }

  @Test func `a byte order mark and empty lines are left out, and lines keep their numbers`() throws {
    let records = try CSVReader.records([0xEF, 0xBB, 0xBF] + Array("a\r\n\r\n\nb\n".utf8))
    #expect(records == [.init(line: 1, fields: ["a"]), .init(line: 4, fields: ["b"])])
  }

  @Test func `quoted fields hold commas, quotes and line breaks`() throws {
    #expect(try fields("\"a,\"\"b\"\"\r\nc\",d\n\"\",\"\"") == [["a,\"b\"\r\nc", "d"], ["", ""]])
    let records = try CSVReader.records(Array("\"x\ny\"\nz".utf8))
    #expect(records.map(\.line) == [1, 3])
  }

  @Test func `empty fields are kept: a comma at the end has a field behind it`() throws {
    #expect(try fields(",\na,,b,") == [["", ""], ["a", "", "b", ""]])
  }

  @Test func `what is ambiguous is refused, with its line`() {
    #expect(failure(Array("a\nb,c\"d".utf8))?.line == 2)
    #expect(failure(Array("a\n\"b\nc".utf8))?.line == 2)
    #expect(failure(Array("\"a\"b".utf8))?.line == 1)
    #expect(failure(Array("\"a\" ,b".utf8)) != nil)
    #expect(failure(Array("a\rb\n".utf8)) != nil)
    #expect(failure(Array("a\n".utf8) + [0xC3, 0x28])?.line == 2)
    #expect(failure(Array("a,\0b".utf8)) != nil)
    #expect(failure([0xFF, 0xFE, 0x61, 0x00])?.reason.contains("UTF-16") == true)
  }

  @Test func `no bytes are no records`() throws {
    #expect(try fields("") == [])
    #expect(try fields("\n\r\n") == [])
  }

  @Test func `random bytes are read or refused, and never end the program`() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("\",\r\na\0é".utf8)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      _ = failure(bytes)
    }
  }
}
