import APIContract
import Domain

/// What a simulated thing measures of itself: a battery and a link that change now and then, by chance.
struct SimulatedSenses: Sendable {
  static let links = ["wifi", "lte", "none"]

  /// 0 to 100.
  private(set) var battery: Int
  private(set) var link: String
  private var numbers: SeededNumbers

  init(_ numbers: SeededNumbers) {
    self.numbers = numbers
    battery = Int.random(in: 20...100, using: &self.numbers)
    link = Self.links.randomElement(using: &self.numbers) ?? "wifi"
  }

  /// Goes one step, or stays as it is.
  /// - Returns: whether anything is new.
  mutating func move() -> Bool {
    guard Int.random(in: 0..<4, using: &numbers) == 0 else { return false }
    let before = (battery, link)
    battery = min(max(battery + Int.random(in: -8...8, using: &numbers), 0), 100)
    if Int.random(in: 0..<4, using: &numbers) == 0 { link = Self.links.randomElement(using: &numbers) ?? link }
    return before != (battery, link)
  }

  var values: ResourceWrite {
    ResourceWrite(values: [
      ResourceWriteValue(key: "battery", value: .integer(Int64(battery))),
      ResourceWriteValue(key: "link", value: .string(link)),
    ])
  }
}
