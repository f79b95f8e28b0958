/// The operators of comparisons, each under one of its spellings.
enum ComparisonSign: String, CaseIterable {
  case equal = "=="
  case unequal = "!="
  case less = "<"
  case lessOrSame = "<="
  case greater = ">"
  case greaterOrSame = ">="
  case among = "=in="
  case notAmong = "=out="
  case within = "=within="

  /// Whether it can be asked of values of the kind.
  func fits(_ kind: ThingAttribute.Kind) -> Bool {
    switch (self, kind) {
    case (.within, .place): true
    case (.within, _), (_, .place): false
    case (.equal, _), (.unequal, _): true
    case (_, .truth): false
    case (.among, _), (.notAmong, _): true
    case (.less, _), (.lessOrSame, _), (.greater, _), (.greaterOrSame, _): kind != .text && kind != .texts
    }
  }

  /// The order that it asks for, if any.
  var order: Comparison.Order? {
    switch self {
    case .less: .less
    case .lessOrSame: .lessOrSame
    case .greater: .greater
    case .greaterOrSame: .greaterOrSame
    case .equal, .unequal, .among, .notAmong, .within: nil
    }
  }
}
