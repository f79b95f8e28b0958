import Dashboard
import Foundation
import Testing

@Suite("The files of the operators' pages") struct DashboardAssetTests {
  private static let longestFirstPage = 100 * 1024

  @Test func `are those of the folder, each with its bytes and the type of its name`() throws {
    let files = try AssetFolder.read().files
    #expect(DashboardAsset.all.map(\.name).sorted() == files.keys.sorted())
    let types: [String: DashboardAsset.MediaType] = ["html": .page, "css": .style, "js": .script, "svg": .picture]
    for asset in DashboardAsset.all {
      #expect(asset.bytes == files[asset.name], "\(asset.name)")
      #expect(asset.type == types[String(asset.name.split(separator: ".").last ?? "")], "\(asset.name)")
      #expect(String(validating: asset.bytes, as: UTF8.self) != nil, "\(asset.name)")
    }
    #expect(Set(DashboardAsset.all.map(\.entityTag)).count == files.count)
  }

  @Test func `refer only to files that there are, and are all reached from the first page`() {
    var reached: Set<String> = []
    for asset in DashboardAsset.all {
      for name in asset.references(lateToo: true) {
        #expect(DashboardAsset.named(name) != nil, "\(asset.name) refers to \(name)")
        reached.insert(name)
      }
    }
    #expect(Set(DashboardAsset.all.map(\.name)).subtracting(reached) == ["index.html"])
  }

  @Test func `begin with a page of less than 100 KiB, with everything that it loads at first`() throws {
    var waiting = ["index.html"]
    var loaded: Set<String> = []
    while let name = waiting.popLast() {
      guard loaded.insert(name).inserted else { continue }
      waiting += try #require(DashboardAsset.named(name), "\(name)").references(lateToo: false)
    }
    #expect(loaded.contains("app.js") && loaded.contains("app.css"))
    let bytes = loaded.reduce(0) { $0 + (DashboardAsset.named($1)?.bytes.count ?? 0) }
    #expect(bytes < Self.longestFirstPage, "\(bytes) bytes: \(loaded.sorted())")
  }

  @Test(arguments: DashboardAsset.all.map(\.name)) func `name no other host`(name: String) throws {
    let asset = try #require(DashboardAsset.named(name))
    let text = asset.text.replacing("http://www.w3.org/2000/svg", with: "")
    #expect(!text.contains(/https?:\/\//.ignoresCase()))
    // `//host/path` where an address can stand.
    #expect(!text.contains(/(["'`(=]|url\()\s*\/\/[a-z0-9]/.ignoresCase()))
  }

  @Test(arguments: DashboardAsset.all.map(\.name)) func `make nothing of text that could become markup or code`(
    name: String
  ) throws {
    let asset = try #require(DashboardAsset.named(name))
    let text = asset.text
    for word in Self.forbiddenCode { #expect(!text.contains(word), "\(word)") }
    guard asset.type == .page || asset.type == .picture else { return }
    for markup in Self.forbiddenMarkup { #expect(!text.contains(markup)) }
  }

  @Test func `the rules do find what they forbid`() {
    for text in [
      "<p style='x'>", "<p  onclick=x>", "<p\nONLOAD = \"x\">", "<script>x</script>", "<style>", "<a href='javascript:x'>",
    ] {
      #expect(Self.forbiddenMarkup.contains { text.contains($0) }, "\(text)")
    }
    for text in [#"<script type="module" src="assets/app.js"></script>"#, "<p class=one>", "<noscript>on = style</noscript>"] {
      #expect(!Self.forbiddenMarkup.contains { text.contains($0) }, "\(text)")
    }
    let script = DashboardAsset.references(
      inScript: "import { a,\n b } from './a.js';\nexport * from \"./b.js\"\nimport './c.js'\nawait import('./d.js')",
      lateToo: true)
    #expect(script.sorted() == ["a.js", "b.js", "c.js", "d.js"])
    #expect(DashboardAsset.references(inScript: "await import('./d.js')", lateToo: false).isEmpty)
  }

  private static let forbiddenCode = [
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "createContextualFragment",
    "setTimeout(\"", "setTimeout('", "setInterval(\"", "setInterval('", "javascript:", "localStorage", "sessionStorage",
  ]

  private static var forbiddenMarkup: [Regex<AnyRegexOutput>] {
    [
      Regex(/<[^>]*\sstyle\s*=/.ignoresCase()), Regex(/<[^>]*\son[a-z]+\s*=/.ignoresCase()),
      Regex(/<style[\s>]/.ignoresCase()), Regex(/<script(?![^>]*\ssrc=)[^>]*>/.ignoresCase()),
      Regex(/javascript:/.ignoresCase()), Regex(/<base[\s>]/.ignoresCase()),
    ]
  }
}

extension DashboardAsset {
  static func named(_ name: String) -> DashboardAsset? { all.first { $0.name == name } }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The names of the files that it loads.
  /// - Parameter lateToo: whether those count that it loads only when they are needed.
  func references(lateToo: Bool) -> [String] {
    switch type {
    case .page:
      text.matches(of: /\s(?:src|href)\s*=\s*["']([^"'#]+)["']/).map { Self.fileName($0.1) }
    case .style: text.matches(of: /url\(\s*["']?(?!data:)([^"')]+)["']?\s*\)/).map { Self.fileName($0.1) }
    case .script: Self.references(inScript: text, lateToo: lateToo)
    case .picture: []
    }
  }

  static func references(inScript text: String, lateToo: Bool) -> [String] {
    let first = text.matches(of: /(?:^|[\s;}])(?:import|from)\s*["']([^"']+)["']/).map { fileName($0.1) }
    let late = text.matches(of: /import\(\s*["'`]([^"'`]+)["'`]\s*\)/).map { fileName($0.1) }
    return lateToo ? first + late : first
  }

  /// Files lie in one folder, and refer to each other by where they are served.
  private static func fileName(_ reference: Substring) -> String {
    for prefix in ["./", "/assets/", "assets/"] where reference.hasPrefix(prefix) {
      return String(reference.dropFirst(prefix.count))
    }
    return String(reference)
  }
}
