import Domain
import Testing

@testable import HTTPAPI

@Suite("Conditional requests")
struct PreconditionsTests {
  private static let now = Timestamp(milliseconds: 1_700_000_000_000)
  private static let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
  private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
  private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"
  private static let current = Preconditions.Validators(
    entityTag: #""sha256:ab""#, lastModified: Timestamp(milliseconds: 784_111_777_999))

  private func outcome(_ conditions: Preconditions, isRead: Bool = true) -> Preconditions.Outcome {
    conditions.evaluate(against: Self.current, isRead: isRead, now: Self.now)
  }

  @Test("without conditions go on, range and all")
  func unconditional() {
    #expect(outcome(Preconditions()) == .proceed(honouringRange: true))
  }

  @Test(
    "with If-Match go on only for a strong match",
    arguments: [
      (#""sha256:ab""#, true), ("*", true), (#""x", "sha256:ab""#, true), (#","x",,"sha256:ab","#, true),
      (#"W/"sha256:ab""#, false),
      (#""x""#, false), ("sha256:ab", false), ("", false), (#""x" "sha256:ab""#, false), (#""sha256:ab", broken"#, false),
    ])
  func ifMatch(header: String, goesOn: Bool) {
    #expect(outcome(Preconditions(ifMatch: header)) == (goesOn ? .proceed(honouringRange: true) : .preconditionFailed))
  }

  @Test(
    "with If-None-Match get 304 for a weak match, and 412 when they would write",
    arguments: [
      (#""sha256:ab""#, true), ("*", true), (#"W/"sha256:ab""#, true), (#"W/"x" , W/"sha256:ab""#, true), (#""x""#, false),
      ("sha256:ab", false), (#"w/"sha256:ab""#, false), (#""sha256:ab"#, false),
    ])
  func ifNoneMatch(header: String, matches: Bool) {
    let goOn = Preconditions.Outcome.proceed(honouringRange: true)
    #expect(outcome(Preconditions(ifNoneMatch: header)) == (matches ? .notModified : goOn))
    #expect(outcome(Preconditions(ifNoneMatch: header), isRead: false) == (matches ? .preconditionFailed : goOn))
  }

  @Test("with dates compare whole seconds")
  func dates() {
    let goOn = Preconditions.Outcome.proceed(honouringRange: true)
    #expect(outcome(Preconditions(ifModifiedSince: Self.modified)) == .notModified)
    #expect(outcome(Preconditions(ifModifiedSince: Self.after)) == .notModified)
    #expect(outcome(Preconditions(ifModifiedSince: Self.before)) == goOn)
    #expect(outcome(Preconditions(ifModifiedSince: "yesterday")) == goOn)
    #expect(outcome(Preconditions(ifModifiedSince: Self.modified), isRead: false) == goOn)
    #expect(outcome(Preconditions(ifUnmodifiedSince: Self.modified)) == goOn)
    #expect(outcome(Preconditions(ifUnmodifiedSince: Self.before)) == .preconditionFailed)
    #expect(outcome(Preconditions(ifUnmodifiedSince: "yesterday")) == goOn)
  }

  @Test("obey the order of RFC 9110 13.2.2: tags before dates, refusals before 304")
  func order() {
    let tag = Self.current.entityTag
    #expect(outcome(Preconditions(ifMatch: tag, ifUnmodifiedSince: Self.before)) == .proceed(honouringRange: true))
    #expect(outcome(Preconditions(ifNoneMatch: #""x""#, ifModifiedSince: Self.after)) == .proceed(honouringRange: true))
    #expect(outcome(Preconditions(ifMatch: #""x""#, ifNoneMatch: tag)) == .preconditionFailed)
    #expect(outcome(Preconditions(ifNoneMatch: tag, ifRange: tag)) == .notModified)
  }

  @Test(
    "with If-Range keep the range only for exactly what there is",
    arguments: [
      (#""sha256:ab""#, true), (modified, true), (#"W/"sha256:ab""#, false), (#""x""#, false), (before, false), (after, false),
      ("*", false), (#""x", "sha256:ab""#, false), ("", false),
    ])
  func ifRange(header: String, honours: Bool) {
    #expect(outcome(Preconditions(ifRange: header)) == .proceed(honouringRange: honours))
  }

  @Test("about something without a time ignore the conditions on time, but for If-Range")
  func noTime() {
    let timeless = Preconditions.Validators(entityTag: #""x""#, lastModified: nil)
    let conditions = Preconditions(ifModifiedSince: Self.after, ifUnmodifiedSince: Self.before, ifRange: Self.modified)
    #expect(conditions.evaluate(against: timeless, now: Self.now) == .proceed(honouringRange: false))
  }
}
