import Domain
import Testing

@testable import Rollouts

@Suite("What an expression says of a thing") struct ExpressionTests {
  private static func matches(_ text: String, _ thing: SampleThing = .full) throws -> Bool {
    let expression = try Expression(parsing: text)
    let outcome = expression.matches(thing)
    #expect(expression.explain(thing).isTrue == outcome, "\(text)")
    return outcome
  }

  @Test(arguments: [
    // Texts.
    "id==t-0001", "id!=t-0002", "id=in=(x,t-0001)", "id=out=(x,y)", "controllerId==A4:CF:12:00:00:01", "model==gateway",
    "model=='gateway'", "model==\"gateway\"", "model == gateway", "  model\t==\n gateway ", "owner==ann@example.org",
    "owner==*@example.org", "model==g*w*y", "model==*", "model!=G*", "model==gate\\way",
    // Versions.
    "mcu.main.version==1.10.0", "mcu.main.version==v1.10.0", "mcu.main.version!=1.9.0", "mcu.main.version>1.9.0",
    "mcu.main.version>=1.10.0", "mcu.main.version<1.11.0-rc.1", "mcu.main.version<=1.10.0", "mcu.main.version=gt=1.9.0",
    "mcu.main.version=ge=1.10.0", "mcu.main.version=lt=2.0.0", "mcu.main.version=le=2.0.0", "mcu.main.version==1.*",
    "mcu.main.version=in=(1.9.0,1.10.0)", "mcu.main.version=out=(1.9.0)", "mcu.\"radio 2\".version==1f5d945af",
    "mcu.'radio 2'.version!=1.0.0",
    // Tags.
    "tag==beta", "tag!=gamma", "tag==roof*", "tag=='roof top'", "tag=in=(x,beta)", "tag=out=(x,y)",
    // Resources: numbers, numbers as texts, texts, truth.
    "resource.battery>20", "resource.battery==42.5", "resource.battery!=42", "resource.battery=in=(1,42.5)",
    "resource.battery=out=(1,2)", "resource.battery>=42.5", "resource.battery<=42.5", "resource.battery<\"43\"",
    "resource.battery<1e3", "resource.a.b==23", "resource.a.b>22.99", "resource.\"a.b\"<23.01", "resource.a.b==\"23.00\"",
    "resource.a.b=in=(23)", "resource.padded==7.5", "resource.mode==auto", "resource.mode!=manual", "resource.mode==a*o",
    "resource.on==true", "resource.on!=false", "resource.said==true", "resource.on=in=(true)", "resource.mode=out=(1,manual)",
    "resource.when<2026-02-01", "resource.when>=2026-01-31T12:00:00Z",
    // Documents.
    "setting.net.ssid==home", "setting.\"odd name\".\"x.y\"<-2", "description.hardware.board==\"rev C\"",
    // Times, truth, ages.
    "activatedAt==2026-01-10", "activatedAt>=2026-01-10T00:00:00Z", "activatedAt<\"2026-01-10T02:00:00+01:00\"",
    "activatedAt<2026-01-10T02:00:00+01:00", "activatedAt>2026-01-09T23:59", "lastSeen!=2026-03-01", "lastSeen>2026-03-01",
    "lastSeen=in=(2026-03-01T12:30:00.500Z)", "linked==true", "linked!=false", "age.battery<1h", "age.battery==10m",
    "age.battery==600", "age.battery>=600s", "age.battery<1d", "age.battery=out=(1,2)",
    // Places.
    "geo=within=(52.5,13.4,3km)", "geo=within=(52.5,13.4,3000)", "geo=within=( 52.5 , 13.4 , 3000m )",
    "geo=within=(52,13,53,14)", "geo=within=(52.52,13.405,52.52,13.405)",
  ])
  func `holds for the sample`(text: String) throws { #expect(try Self.matches(text)) }

  @Test(arguments: [
    "id==T-0001", "id!=t-0001", "model==gate", "model==*x", "model==g*x*y", "model==gate\\*", "id=out=(t-0001)",
    "mcu.main.version>1.10.0", "mcu.main.version<1.9.0", "mcu.main.version!=1.10.0", "mcu.\"radio 2\".version>1.0.0",
    "mcu.\"radio 2\".version<1.0.0", "mcu.main.version==2.*", "tag!=beta", "tag==Beta", "tag=out=(beta)", "tag=in=(b,c)",
    "resource.battery>42.5", "resource.battery==auto", "resource.battery!=auto", "resource.battery==\"42.5\"",
    "resource.battery=out=(auto,manual)", "resource.battery==true", "resource.mode>3", "resource.mode==3", "resource.mode!=3",
    "resource.mode=out=(1,2)", "resource.on==1", "resource.on!=1", "resource.on==yes", "resource.on<1", "resource.point==1",
    "resource.point!=1", "resource.list!=x", "resource.mode<2026-01-01", "resource.battery<2026-01-01", "lastSeen<2026-03-01",
    "linked==false", "age.battery>1h", "geo=within=(52.5,13.4,1km)", "geo=within=(53,13,54,14)", "geo=within=(52,14,53,15)",
    "geo=within=(52,14,53,13)",
  ])
  func `does not hold for the sample`(text: String) throws { #expect(try !Self.matches(text)) }

  @Test(arguments: [
    "id==x", "id!=x", "model=out=(x)", "controllerId!=x", "owner!=x", "mcu.main.version!=1", "mcu.main.version<9",
    "resource.x!=1",
    "resource.x=out=(1)", "resource.x!=a", "setting.a.b!=1", "description.a!=x", "activatedAt!=2026-01-01",
    "lastSeen<2030-01-01",
    "linked!=true", "geo=within=(-90,-180,90,180)", "age.x>=0", "age.x=out=(1)",
  ])
  func `a value that is missing makes every comparison false, and the note says so`(text: String) throws {
    #expect(try !Self.matches(text, .empty))
    let clause = try Expression(parsing: text).explain(SampleThing.empty).clauses[0]
    #expect(clause.value == nil)
    #expect(clause.note?.isEmpty == false)
  }

  @Test func `no tags are an empty list, not a missing value`() throws {
    for thing in [SampleThing.empty, SampleThing(values: [.tag: .texts([])])] {
      #expect(try Self.matches("tag!=x", thing))
      #expect(try Self.matches("tag=out=(x,y)", thing))
      #expect(try !Self.matches("tag==x", thing))
      #expect(try !Self.matches("tag==*", thing))
      #expect(try Expression(parsing: "tag==x").explain(thing).clauses[0].note == "the thing has no tags")
    }
  }

  /// T and F stand for comparisons that hold and do not.
  @Test(arguments: [
    ("T or T and F", true), ("(T or T) and F", false), ("F and T or T", true), ("F and (T or T)", false), ("T,T;F", true),
    ("(T,T);F", false), ("F;T,T", true), ("F;(T,T)", false), ("T AND F Or T", true), ("(T)and(F)or(T)", true), ("((T))", true),
    ("T;T and T", true), ("F,F or F", false), ("( T )", true), ("T and T;F or F", false), ("(F or T)and T", true),
  ])
  func `and binds tighter than or, whichever way they are written`(form: String, outcome: Bool) throws {
    let text = form.replacing("T", with: "model==*").replacing("F", with: "id==0")
    #expect(try Self.matches(text) == outcome, "\(text)")
    #expect(try Self.matches(Expression(parsing: text).description) == outcome)
  }

  @Test func `words that join can be values`() throws {
    #expect(try Self.matches("model!=and and tag!=or or id==and"))
    #expect(try Self.matches("model!='a and b'"))
    #expect(try Expression(parsing: "tag==android and tag==order").explain(SampleThing.full).clauses.count == 2)
  }

  @Test func `escapes and quotes give the text they stand for`() throws {
    func thing(_ text: String) -> SampleThing { SampleThing(values: [.model: .text(text), .resource("n"): .text(text)]) }
    #expect(try Self.matches(#"model=="say \"hi\" \\ 'there'""#, thing(#"say "hi" \ 'there'"#)))
    #expect(try Self.matches(#"model=='it\'s'"#, thing("it's")))
    #expect(try Self.matches(#"model==a\ b\;c"#, thing("a b;c")))
    #expect(try Self.matches(#"model=="5\*""#, thing("5*")))
    #expect(try !Self.matches(#"model=="5\*""#, thing("5x")))
    #expect(try Self.matches(#"model=="\**\*""#, thing("*middle*")))
    #expect(try Self.matches("model==größe*", thing("größer")))
    #expect(try Self.matches("model==\"\"", thing("")))
    // In quotes or with an escape a number is a text.
    #expect(try !Self.matches("resource.n==\"5\"", thing("5.0")))
    #expect(try !Self.matches("resource.n==\\5", thing("5.0")))
    #expect(try Self.matches("resource.n==5", thing("5.0")))
  }

  @Test func `what it asks for is known beforehand, and every selector has its name`() throws {
    let names = [
      "id", "controllerId", "model", "mcu.main.version", "mcu.\"radio 2\".version", "tag", "resource.a.b-c_d",
      "setting.a.\"b.c\"",
      "description.a", "activatedAt", "lastSeen", "owner", "linked", "geo", "age.x", "mcu.\"a\\\"\\\\\\*\".version",
    ]
    let tests = [
      "activatedAt": ">2026-01-01", "lastSeen": ">2026-01-01", "linked": "==true", "geo": "=within=(1,2,3)", "age.x": "<3",
    ]
    for name in names {
      let expression = try Expression(parsing: name + (tests[name] ?? "==1"))
      #expect(expression.attributes.map(\.name) == [name])
    }
    let expression = try Expression(parsing: "tag==a and (resource.a.b>1 or resource.\"a.b\"<0) or setting.x.y==z")
    #expect(expression.attributes == [.tag, .resource("a.b"), .setting(["x", "y"])])
  }

  @Test func `circles and boxes reach across the 180th meridian`() throws {
    func place(_ latitude: Double, _ longitude: Double) -> SampleThing {
      SampleThing(values: [.geo: .point(GeographicPoint(latitude: latitude, longitude: longitude)!)])
    }
    let fiji = "geo=within=(-20,175,-15,-175)"
    for longitude in [175.0, 179.9, 180, -180, -175.1] { #expect(try Self.matches(fiji, place(-17, longitude))) }
    for longitude in [174.9, -174.9, 0] { #expect(try !Self.matches(fiji, place(-17, longitude))) }
    #expect(try Self.matches("geo=within=(0,179.9,23km)", place(0, -179.9)))
    #expect(try !Self.matches("geo=within=(0,179.9,22km)", place(0, -179.9)))
    #expect(try Self.matches("geo=within=(90,0,1)", place(90, 123)))
    // Berlin to Munich are 504 km.
    #expect(try Self.matches("geo=within=(48.137,11.575,505km)", place(52.52, 13.405)))
    #expect(try !Self.matches("geo=within=(48.137,11.575,503km)", place(52.52, 13.405)))
    #expect(try !Self.matches("geo=within=(0,0,20037km)", place(0.5, 180)) == false)
  }

  @Test func `JSON gives the values it has`() {
    #expect(AttributeValue(json: .null) == nil)
    #expect(AttributeValue(json: .bool(true)) == .bool(true))
    #expect(AttributeValue(json: .integer(7)) == .number(7))
    #expect(AttributeValue(json: .number(7.5)) == .number(7.5))
    #expect(AttributeValue(json: .string("x")) == .text("x"))
    #expect(AttributeValue(json: .object(["a": .integer(1)])) == .other("{\"a\":1}"))
    #expect(AttributeValue(json: .array([])) == .other("[]"))
    let texts = SampleThing.full.values.mapValues(\.text)
    #expect(texts[.tag] == "beta, roof top")
    #expect(texts[.geo] == "52.52, 13.405")
    #expect(texts[.age("battery")] == "600")
    #expect(texts[.resource("battery")] == "42.5")
    #expect(texts[.linked] == "true")
    #expect(texts[.activatedAt] == "2026-01-10T00:00:00.000Z")
  }
}
