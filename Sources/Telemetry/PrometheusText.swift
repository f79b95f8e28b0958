/// How names, labels and numbers are written in the Prometheus text format 0.0.4.
enum PrometheusText {
  /// A metric's name: letters, digits, `_` and `:`, not starting with a digit; every other character becomes `_`.
  static func name(_ text: String) -> String { mapped(text, alsoAllowed: ":") }

  /// `a="1",b="2"`, sorted by name. Of labels with the same name after mapping the first stays; `le` belongs to histograms.
  static func labels(_ dimensions: [(String, String)]) -> String {
    var values: [String: String] = [:]
    for (name, value) in dimensions {
      let mapped = mapped(name, alsoAllowed: nil)
      let key = mapped == "le" ? "le_" : mapped
      values[key] = values[key] ?? value
    }
    return values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return value.description
  }

  static func escapedHelp(_ text: String) -> String { replaced(text, quote: false) }

  private static func escaped(_ text: String) -> String { replaced(text, quote: true) }

  private static func replaced(_ text: String, quote: Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\"" where quote: result.append(contentsOf: "\\\"".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  private static func mapped(_ text: String, alsoAllowed: Unicode.Scalar?) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "_": result.append(scalar)
      case "0"..."9":
        if result.isEmpty { result.append("_") }
        result.append(scalar)
      default: result.append(scalar == alsoAllowed ? scalar : "_")
      }
    }
    return result.isEmpty ? "_" : String(result)
  }
}
