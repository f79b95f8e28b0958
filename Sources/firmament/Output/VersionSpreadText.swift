import APIContract

extension VersionSpreadShape: TextRendering {
  var text: String {
    guard !series.isEmpty else { return "No things of \(PlainText.oneLine(model)) were counted in that time." }
    var table = TextTable(["at"], names: series.map { $0.version.text ?? "never said" })
    for (place, time) in times.enumerated() {
      table.add([PlainText.time(time)] + series.map { place < $0.things.count ? String($0.things[place]) : nil })
    }
    return table.text
  }
}
