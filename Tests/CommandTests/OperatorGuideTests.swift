import Domain
import Foundation
import Testing

@testable import firmament

/// What docs/operators.md says of rollouts is what they are.
@Suite struct OperatorGuideTests {
  private let rows: [[Substring]]
  private let text: String

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    text = try String(contentsOf: root.appending(path: "docs/operators.md"), encoding: .utf8)
    rows = text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { row in
      row.split(separator: "|").map { $0.drop { $0 == " " }.prefix { $0 != " " } }
    }
  }

  @Test(arguments: OfferReason.allCases) func `every reason has its row, with its explanation`(reason: OfferReason) {
    #expect(text.contains("\n| `\(reason.rawValue)` | \(reason.explanation) |\n"))
  }

  @Test func `every part of a plan has its row, with its default`() throws {
    let plan = Mirror(reflecting: RolloutPlan())
    #expect(!plan.children.isEmpty)
    for (label, value) in plan.children {
      let name = try #require(label)
      let row = rows.first { $0.count > 3 && $0[0].hasPrefix("`--") && $0[1] == "`\(name)`" }
      #expect(row?[2] == Self.standard(value), "\(name)")
    }
  }

  @Test func `every kind of event that is kept is named`() {
    for kind in RolloutEvent.Kind.allCases where kind.isStored { #expect(text.contains(kind.rawValue), "\(kind)") }
  }

  /// A default as the guide has it.
  private static func standard(_ value: Any) -> Substring? {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional { return mirror.children.first.map { standard($0.value) } ?? "none" }
    return switch value {
    case let texts as [String]: texts.isEmpty ? "none" : nil
    case let answer as Bool: answer ? "yes" : "no"
    case let share as Double: Substring(RolloutShare.text(Int((share * Double(RolloutShare.whole)).rounded())))
    case let seconds as Int64: Substring(DurationArgument.text(seconds: Int(seconds)))
    case let count as Int: Substring(String(count))
    default: nil
    }
  }
}
