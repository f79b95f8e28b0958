import Testing

/// The rules of the house that the compiler does not hold.
@Suite struct ArchitectureTests {
  @Test func `no room imports what its line in the map does not allow`() throws {
    let files = try SourceTree.read().files
    #expect(!files.isEmpty)
    for file in files {
      let violations = ImportRule.violations(room: file.room, source: file.text)
      #expect(violations == [], "\(file.path) imports \(violations ?? ["anything, as its room is not in the table"])")
    }
  }

  @Test func `the map itself lets a floor import only floors below it`() {
    let floors: [[String]] = [
      ["COpenSSL", "CLinux", "CZlib"], ["Domain", "Cryptography", "Telemetry"],
      ["Doorstep", "Catalog", "ImageStore", "Signing", "Rollouts", "ImageFormats", "LiveChannels", "Mail", "Webhooks"],
      ["FirmwareService", "APIContract"],
      ["HTTPAPI", "Dashboard", "APIClient"],
    ]
    #expect(Set(floors.joined()) == Set(ImportRule.allowed.keys))
    for (floor, rooms) in floors.enumerated() {
      let notBelow = Set(floors[floor...].joined())
      for room in rooms { #expect(ImportRule.allowed[room]?.isDisjoint(with: notBelow) == true, "\(room)") }
    }
  }

  @Test func `only the rooms that each library shapes know it`() {
    for (library, rooms) in [
      ("GRDB", ["Catalog"]), ("COpenSSL", ["Cryptography"]), ("CLinux", ["Doorstep", "FirmwareService", "ImageStore"]),
      ("CZlib", ["ImageStore"]),
      ("AsyncHTTPClient", ["APIClient", "Webhooks"]), ("NIOSSL", ["APIClient", "HTTPAPI", "Mail"]),
    ] {
      #expect(ImportRule.allowed.filter { $0.value.contains(library) }.map(\.key).sorted() == rooms)
      #expect(!ImportRule.doorExternal.contains(library))
    }
  }

  @Test func `the import rule does find what is not allowed`() {
    let source = """
      // import NotThis
      public import Domain
      @testable import ImageStore
      import struct Foundation.Date
      internal import struct GRDB.Row
        @preconcurrency import Hummingbird  // here
      let important = "import Nothing"; import COpenSSL
      """
    #expect(ImportRule.imports(in: source) == ["Domain", "ImageStore", "Foundation", "GRDB", "Hummingbird", "COpenSSL"])
    #expect(ImportRule.violations(room: "Rollouts", source: source) == ["ImageStore", "GRDB", "Hummingbird", "COpenSSL"])
    #expect(ImportRule.violations(room: "Catalog", source: source) == ["ImageStore", "Hummingbird", "COpenSSL"])
    #expect(ImportRule.violations(room: "firmament", source: source) == ["GRDB"])
    #expect(ImportRule.violations(room: "Rollouts", source: "import Domain\nimport Rollouts\nimport Glibc\n") == [])
    #expect(ImportRule.violations(room: "Attic", source: "") == nil)
  }

  @Test func `no file name is there twice`() throws {
    let names = try Dictionary(grouping: SourceTree.read().files, by: \.name)
    for (name, files) in names { #expect(files.count == 1, "\(name): \(files.map(\.path))") }
  }

  @Test func `no file or type has a name that says nothing`() throws {
    let forbidden = ["Utility", "Utilities", "Helper", "Helpers", "Manager", "Core", "Common"]
    let declarations: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]
    for file in try SourceTree.read().files {
      let stem = file.name.dropLast(".swift".count)
      #expect(!forbidden.contains { stem.hasSuffix($0) }, "\(file.path)")
      for line in file.lines {
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        for (keyword, name) in zip(words, words.dropFirst())
        where declarations.contains(keyword) && !line.contains("//") && name.first?.isUppercase == true {
          #expect(!forbidden.contains { name.hasSuffix($0) }, "\(file.path): \(name)")
        }
      }
    }
  }

  @Test func `files have at most 400 lines of at most 128 columns`() throws {
    for file in try SourceTree.read().files {
      #expect(file.lines.count <= 401, "\(file.path)")
      let long = file.lines.enumerated().filter { $0.element.unicodeScalars.count > 128 }.map { $0.offset + 1 }
      #expect(long.isEmpty, "\(file.path), lines \(long)")
    }
  }

  @Test func `SQL is spoken in the catalog only`() throws {
    for file in try SourceTree.read().files where file.room != "Catalog" {
      for literal in StringLiterals.all(in: file.text) { #expect(!Self.isSQL(literal), "\(file.path): \(literal)") }
    }
  }

  @Test func `the SQL rule does find statements, in every kind of literal`() {
    let source = ##"""
      let one = "SELECT id FROM thing"  // "DELETE FROM comment"
      let two = #"INSERT INTO "thing" VALUES (1)"#
      /* "UPDATE a SET b = 1" /* "nested" */ "DELETE FROM x" */
      let three = "a \" UPDATE thing SET x = \(y)"
      let four = "SELECTED", five = "Update the settings", six = ""
      """##
    #expect(StringLiterals.all(in: source).filter(Self.isSQL).count == 3)
    #expect(StringLiterals.all(in: source).count == 6)
    #expect(StringLiterals.all(in: "\"\"\"\n  DELETE FROM\n    thing\n  \"\"\"").contains(where: Self.isSQL))
    #expect(StringLiterals.all(in: "\"open") == ["open"])
  }

  /// Whether a statement's keywords stand in the text as whole words, in capitals.
  private static func isSQL(_ text: String) -> Bool {
    let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    let pairs = zip(words, words.dropFirst()).map { "\($0) \($1)" }
    if pairs.contains("INSERT INTO") || pairs.contains("DELETE FROM") { return true }
    if let update = words.firstIndex(of: "UPDATE"), words[update...].contains("SET") { return true }
    return words.contains("SELECT") && words.last != "SELECT"
  }
}
