import Domain
import Testing

@testable import Rollouts

@Suite("Why an expression holds or not") struct ExplanationTests {
  private func clauses(_ text: String, _ thing: SampleThing = .full) throws -> [Explanation.Clause] {
    try Expression(parsing: text).explain(thing).clauses
  }

  @Test func `each comparison is there as it stands in the text, in its order`() throws {
    let clauses = try clauses("model == 'gateway' and (tag=in=( x, beta ) or resource.gone>3);geo=within=(1,2,3)")
    #expect(clauses.map(\.text) == ["model == 'gateway'", "tag=in=( x, beta )", "resource.gone>3", "geo=within=(1,2,3)"])
    #expect(clauses.map(\.isTrue) == [true, true, false, false])
    #expect(clauses.map(\.value) == ["gateway", "beta, roof top", nil, "52.52, 13.405"])
    #expect(clauses.map(\.note) == [nil, nil, "the thing has no resource gone", nil])
    #expect(clauses.map(\.decides) == [false, false, false, true])
  }

  /// The form has T for what holds and F for what does not; the marks say what decides.
  @Test(arguments: [
    ("T", "!"), ("F", "!"), ("T and T", "!!"), ("T and F and F", ".!."), ("F or T or T", ".!."), ("F or F", "!!"),
    ("T or F and F", "!.."), ("F and T or F", "!.!"), ("F and (T or T)", "!.."), ("T and (F or F)", ".!!"),
    ("T and (F or T)", "!.!"), ("(F or T) and (T and F)", "...!"), ("(T and F) or (T and T)", "..!!"),
  ])
  func `what the outcome rests on is marked`(form: String, marks: String) throws {
    let text = form.replacing("T", with: "model==gateway").replacing("F", with: "id==0")
    #expect(try clauses(text).map { $0.decides ? "!" : "." }.joined() == marks)
  }

  @Test(
    arguments: [
      ("resource.mode>3", "is a text, not a number"), ("resource.mode!=3", "is a text, not a number"),
      ("resource.battery==auto", "is a number, not a text"), ("resource.on==1", "is true or false, not a number"),
      ("resource.point==1", "is an object, not a number"), ("resource.list==x", "is an array, not a text"),
      ("resource.battery==true", "is a number, not true or false"), ("resource.mode<2026-01-01", "is a text, not a time"),
      ("resource.battery=out=(a,b,true)", "is a number, not a text or true or false"),
      ("mcu.\"radio 2\".version<1.0.0", "has no order to \"1.0.0\""),
      ("mcu.aux.version!=1", "the thing has said no version of its MCU aux"),
      ("setting.a.b==1", "the thing has no setting a.b"), ("description.a.b==1", "the description of the thing has no a.b"),
      ("age.gone>1", "the thing has no resource gone"), ("resource.battery<3", nil), ("model==x", nil), ("tag==x", nil),
    ] as [(String, String?)])
  func `a note says what a plain false does not`(text: String, note: String?) throws {
    let clause = try clauses(text)[0]
    #expect(!clause.isTrue)
    #expect(clause.note == note)
  }
}
