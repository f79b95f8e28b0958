import Testing

@testable import Rollouts

@Suite("Which expressions are refused") struct ExpressionErrorTests {
  private static func error(_ text: String) -> ExpressionError? {
    do throws(ExpressionError) {
      _ = try Expression(parsing: text)
      return nil
    } catch {
      return error
    }
  }

  /// The text, the character at which it is refused, and a part of the message.
  @Test(arguments: [
    ("", 1, "a comparison is missing"), ("   ", 4, "a comparison is missing"), ("==x", 1, "a comparison is missing"),
    ("and", 1, "there is no and"), ("modell==x", 1, "there is no modell"), ("tag==x and nope==1", 12, "there is no nope"),
    ("Model==x", 1, "there is no Model"), ("model", 6, "an operator"), ("model x", 7, "an operator"),
    ("model=x", 6, "a single ="),
    ("model=like=x", 6, "no operator =like="), ("model==", 8, "a value is missing"), ("model== ", 9, "a value is missing"),
    ("model==a==b", 9, "in quotes"), ("model==it's", 10, "in quotes"), ("model==\"abc", 8, "quote is not closed"),
    ("model=='a\\'", 8, "quote is not closed"), ("model==a\\", 10, "after the backslash"), ("model==a b", 10, "here must be"),
    ("model==\"a\"and tag==b", 11, "here must be"), ("model==a and", 13, "a comparison is missing"),
    ("model==a;", 10, "a comparison is missing"), ("model==a,,tag==b", 10, "a comparison is missing"),
    ("(model==a", 1, "parenthesis is not closed"), ("model==a)", 9, "no parenthesis is open"),
    ("()", 2, "a comparison is missing"),
    ("(model==a tag==b)", 11, "here must be"), ("tag==(a,b)", 6, "lists are for"), ("tag=in=a", 8, "must be a list"),
    ("tag=in=()", 9, "the list is empty"), ("tag=in=( )", 10, "the list is empty"), ("tag=in=(a,)", 11, "a value is missing"),
    ("tag=in=(a", 8, "list is not closed"), ("tag=in=(a,", 8, "list is not closed"), ("tag=in=(a b)", 11, "here must be"),
    ("tag=in=(a*)", 9, "wildcards"), ("mcu.m.version<1.*", 15, "wildcards"), ("geo<3", 4, "does not fit geo"),
    ("geo==3", 4, "does not fit geo"), ("tag<3", 4, "does not fit tag"), ("tag=within=(1,2,3)", 4, "does not fit tag"),
    ("linked>true", 7, "does not fit linked"), ("linked=in=(true)", 7, "does not fit linked"),
    ("model=gt=x", 6, "does not fit model"),
    ("linked==yes", 9, "true or false"), ("linked==True", 9, "true or false"), ("activatedAt>soon", 13, "a date or time"),
    ("activatedAt>2026-02-30", 13, "a date or time"), ("lastSeen==2026", 11, "a date or time"),
    ("lastSeen==1700000000", 11, "a date or time"), ("age.x<soon", 7, "a number of seconds"),
    ("age.x<-5", 7, "a number of seconds"),
    ("age.x<5w", 7, "a number of seconds"), ("age.x<m", 7, "a number of seconds"),
    ("age.x=in=(1,x)", 13, "a number of seconds"),
    ("resource.x<abc", 12, "which is what has an order"), ("mcu.m.version==\"\"", 16, "is not a version"),
    ("mcu.version==1", 1, "mcu.NAME.version"), ("mcu.a.b.version==1", 1, "mcu.NAME.version"),
    ("mcu==1", 4, "a name is missing"),
    ("mcu.a.vers==1", 1, "mcu.NAME.version"), ("resource==1", 9, "a name is missing"), ("resource.==1", 10, "after the dot"),
    ("resource..a==1", 10, "after the dot"), ("resource.\"\"==1", 10, "a name is empty"), ("resource.a*==1", 11, "in quotes"),
    ("resource.\"a b\"==1", 10, "a resource has"), ("resource.$settings.a==1", 10, "setting.NAME"),
    ("model.x==1", 7, "no parts"),
    ("resource.größe==1", 10, "a resource has"), ("setting.größe==1 and x==1", 22, "there is no x"),
    ("tag==👩‍👩‍👧 and x==1", 12, "there is no x"), ("setting==1", 8, "a name is missing"),
    ("geo=within=(1,2)", 12, "an area is"), ("geo=within=(1,2,3,4,5)", 12, "an area is"),
    ("geo=within=(91,2,3)", 13, "degrees"),
    ("geo=within=(1,181,3)", 15, "degrees"), ("geo=within=(1,2,0)", 17, "distance"), ("geo=within=(1,2,3mi)", 17, "distance"),
    ("geo=within=(1,2,0,4)", 17, "north is south"), ("geo=within=(x,2,3)", 13, "degrees"),
    ("geo=within=", 12, "must be a list"),
  ])
  func `a refusal names the character`(text: String, position: Int, message: String) {
    let error = Self.error(text)
    #expect(error?.position == position, "\(text): \(String(describing: error))")
    #expect(error?.message.contains(message) == true, "\(text): \(String(describing: error))")
    #expect(error.map { "\($0)" == "at character \($0.position): \($0.message)" } == true)
  }

  @Test func `too deep, too long and too much are refused at their place`() throws {
    let deepest = String(repeating: "(", count: 32) + "id==x" + String(repeating: ")", count: 32)
    _ = try Expression(parsing: deepest)
    #expect(Self.error("(" + deepest + ")")?.position == 33)
    let many = Array(repeating: "id==x", count: 64).joined(separator: ";")
    #expect(try Expression(parsing: many).explain(SampleThing.empty).clauses.count == 64)
    #expect(Self.error(many + ";id==y")?.position == many.count + 2)
    let longest = "id==" + String(repeating: "x", count: 4092)
    _ = try Expression(parsing: longest)
    #expect(Self.error(longest + "x")?.position == 4097)
    #expect(Self.error(String(repeating: "é", count: 1_000_000))?.position == 2049)
  }

  @Test(arguments: [
    "(", ")", "\"", "'", "\\", "*", "=", ".", "a.", "and ", "id==x;", "id=in=(", "((id==x)", "é", "\u{301}", "\0",
  ])
  func `hostile repetitions are refused without trouble`(part: String) {
    let count = 4096 / part.utf8.count
    let error = Self.error(String(repeating: part, count: count))
    #expect(error != nil)
    #expect((1...4097).contains(error?.position ?? 0))
  }
}
