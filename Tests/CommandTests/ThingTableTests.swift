import APIContract
import Testing

@testable import firmament

@Suite struct ThingTableTests {
  private let token = String(repeating: "A", count: 42)

  private func reason(_ csv: String) -> String {
    do {
      _ = try ThingTable(csv: Array(csv.utf8))
      return "read"
    } catch { return error.description }
  }

  @Test func `columns come in any order and any case, and an empty id is none`() throws {
    let rows = try ThingTable(csv: Array("ID,Model,TOKEN\r\nt1,\"i.MX 8M, Mini\",\(token)1\r\n,lamp,\(token)2\r\n".utf8)).rows
    #expect(rows.map(\.line) == [2, 3])
    #expect(rows.map(\.thing.id) == ["t1", nil])
    #expect(rows.map(\.thing.model) == ["i.MX 8M, Mini", "lamp"])
    #expect(rows.map(\.thing.token) == ["\(token)1", "\(token)2"])
  }

  @Test func `a header without a needed column, with an unknown one, or with one twice is refused`() {
    #expect(reason("").contains("empty"))
    #expect(reason("token\n").contains("token and model"))
    #expect(reason("token,model,colour\n").contains("colour"))
    #expect(reason("token,model,token\n").contains("twice"))
    #expect(reason("\(token)1,lamp\n").hasPrefix("line 1"))
    #expect(reason("token,model\n").contains("no thing"))
  }

  @Test func `the first bad line is named, and the token is not repeated`() {
    #expect(reason("token,model\n\(token)1,lamp\n\(token),lamp\n").hasPrefix("line 3"))
    #expect(!reason("token,model\n\(token),lamp\n").contains(token))
    #expect(reason("token,model\n\(token)1,lamp,x\n").contains("3 fields"))
    #expect(reason("token,model\n\(token)1\n").contains("1 fields"))
    #expect(reason("token,model\n\(token)1,\n").contains("model"))
    #expect(reason("token,model\n \(token)1,lamp\n").contains("token"))
    #expect(reason("token,model,id\n\(token)1,lamp,\u{202E}x\n").contains("id"))
    #expect(reason("token,model\n\(token)1,\"la\nmp\"\n").hasPrefix("line 2"))
  }

  @Test func `what the server says of an entry is told by its line`() throws {
    let rows = try ThingTable(csv: Array("token,model\n\n\(token)1,a\n\(token)2,b\n".utf8)).rows
    #expect(ThingTable.located("entry 2: there is no model b", in: rows) == "line 4: there is no model b")
    #expect(ThingTable.located("entry 3: x", in: rows) == "lines 3 to 4: entry 3: x")
    #expect(ThingTable.located("the disk is full", in: rows[1...]) == "lines 4 to 4: the disk is full")
  }

  @Test func `the same token or id twice is refused, with both lines`() {
    #expect(reason("token,model\n\(token)1,a\n\(token)1,b\n") == "line 3: the same token as on line 2")
    #expect(reason("token,model,id\n\(token)1,a,x\n\(token)2,b,x\n") == "line 3: the same id as on line 2")
  }
}
