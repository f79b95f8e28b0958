import Cryptography
import Domain
import Testing

@testable import Signing

@Suite("The signed manifest") struct FirmwareManifestTests {
  private static let text =
    #"{"createdAt":"2025-06-15T15:06:40.123Z","mcu":"i.MX 8M Mini","model":"greatfet/one","sequence":1750000000,"#
    + #""sha256":"6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d","size":65536,"version":"2024.0.1"}"#

  private func expectRefused(_ text: String, _ what: String = "") {
    expectRefused(Array(text.utf8), what.isEmpty ? text : what)
  }

  private func expectRefused(_ bytes: [UInt8], _ what: String) {
    let error = #expect(throws: SigningError.self, "\(what)") { _ = try FirmwareManifest(canonicalBytes: bytes) }
    #expect(error?.code == .malformedManifest, "\(what)")
  }

  @Test func `its bytes are sorted JSON without white space or escaped slashes`() throws {
    #expect(String(decoding: FirmwareManifest.sample.canonicalBytes, as: UTF8.self) == Self.text)
    #expect(try FirmwareManifest(canonicalBytes: Array(Self.text.utf8)) == .sample)
  }

  @Test func `white space anywhere is refused`() {
    expectRefused(" " + Self.text)
    expectRefused(Self.text + "\n")
    expectRefused(Self.text.replacingFirst("\":", with: "\": "))
    expectRefused(Self.text.replacingFirst(",", with: ",\t"))
    expectRefused("\u{FEFF}" + Self.text)
  }

  @Test func `another order of members, a second one and an unknown one are refused`() {
    let (mcu, model) = (#""mcu":"i.MX 8M Mini""#, #""model":"greatfet/one""#)
    expectRefused(Self.text.replacingFirst("\(mcu),\(model)", with: "\(model),\(mcu)"))
    expectRefused(Self.text.replacingFirst(mcu, with: "\(mcu),\(mcu)"))
    expectRefused(Self.text.replacingFirst(mcu, with: "\"mcu\":\"other\",\(mcu)"))
    expectRefused(Self.text.replacingFirst(#""size":65536"#, with: #""size":1,"size":65536"#))
    expectRefused(Self.text.replacingFirst(#""version""#, with: #""url":"http://x","version""#))
    expectRefused(Self.text.replacingFirst(#""version":"2024.0.1""#, with: #""version":"2024.0.1","zone":null"#))
  }

  @Test(arguments: ["createdAt", "mcu", "model", "sequence", "sha256", "size", "version"])
  func `every member is needed, with its own type`(name: String) {
    expectRefused(Self.text.replacingFirst("\"\(name)\":", with: "\"\(name)X\":"))
    for value in ["null", "true", "[]", "{}", "1.5", "\"\""] {
      let start = Self.text.range(ofFirst: "\"\(name)\":").upperBound
      let end = Self.text[start...].firstIndex { $0 == "," || $0 == "}" } ?? Self.text.endIndex
      // An empty text is still a text: what names and versions must look like is not the manifest's own rule.
      if value == "\"\"", ["mcu", "model", "version"].contains(name) { continue }
      expectRefused(Self.text.replacingCharacters(start..<end, with: value), "\(name) = \(value)")
    }
  }

  @Test(arguments: [
    "65536.0", "6.5536e4", "65536e0", "65536E0", "065536", "+65536", "-0", "65536.", "\"65536\"", "99999999999999999999",
    "6553600000e-5", "0x10000", "65,536",
  ])
  func `a number is written in one way only`(number: String) {
    expectRefused(Self.text.replacingFirst("65536", with: number))
    expectRefused(Self.text.replacingFirst("1750000000", with: number == "65536" ? "1" : number))
  }

  @Test func `a character is written in one way only`() {
    expectRefused(Self.text.replacingFirst("greatfet/one", with: #"greatfet\/one"#))
    expectRefused(Self.text.replacingFirst("greatfet", with: #"\u0067reatfet"#))
    expectRefused(Self.text.replacingFirst("greatfet", with: #"\u00e9"#))
    expectRefused(Self.text.replacingFirst("\"mcu\"", with: #""\u006dcu""#))
    expectRefused(Self.text.replacingFirst("greatfet", with: "great\tfet"))
  }

  @Test(arguments: [
    "2025-06-15T15:06:40Z", "2025-06-15T15:06:40.12Z", "2025-06-15T15:06:40.1230Z", "2025-06-15T15:06:40.123",
    "2025-06-15 15:06:40.123Z", "20250615150640", "2025-06-15T15:06:40.123z", "2025-06-15T15:06:40.123+00:00", "yesterday", "",
  ])
  func `a time is written in one way only`(time: String) {
    expectRefused(Self.text.replacingFirst("2025-06-15T15:06:40.123Z", with: time))
  }

  @Test func `a digest is written in lower case only`() {
    expectRefused(Self.text.replacingFirst("6105d6cc", with: "6105D6CC"))
    expectRefused(Self.text.replacingFirst("6105d6cc", with: "sha256:6105d6cc"))
    expectRefused(Self.text.replacingFirst("6105d6cc", with: "6105d6c"))
  }

  @Test func `what is not JSON, not an object or far too large is refused`() {
    for text in ["", "null", "[]", "1", "\"\"", "{", Self.text + Self.text, "[\(Self.text)]"] { expectRefused(text) }
    expectRefused([0xFF, 0xFE], "no UTF-8")
    expectRefused(Array(Self.text.utf8) + [0], "a NUL byte")
    expectRefused(Array(repeating: UInt8(ascii: "["), count: 1_000_000), "a million brackets")
    let long = String(repeating: "x", count: FirmwareManifest.largest)
    expectRefused(Self.text.replacingFirst("greatfet", with: long), "too large")
    let fits = FirmwareManifest.largest - Self.text.utf8.count
    let largest = Self.text.replacingFirst("greatfet", with: "greatfet" + String(repeating: "x", count: fits))
    #expect(throws: Never.self) { _ = try FirmwareManifest(canonicalBytes: Array(largest.utf8)) }
    expectRefused(largest.replacingFirst("greatfet", with: "greatfetx"), "one byte too large")
  }

  @Test(arguments: ["é", "e\u{301}", "日本", "\u{1F4A1}", "a\"b\\c", "\u{7F}", "\u{1}", "\u{2028}", "a/b", "\n"])
  func `whatever a name holds, it comes back byte by byte`(name: String) throws {
    let sample = FirmwareManifest.sample
    let manifest = FirmwareManifest(
      createdAt: sample.createdAt, mcu: name, model: name, sequence: .max, sha256: sample.sha256, size: .max, version: name)
    let read = try FirmwareManifest(canonicalBytes: manifest.canonicalBytes)
    #expect(Array(read.mcu.utf8) == Array(name.utf8))
    #expect(read.canonicalBytes == manifest.canonicalBytes)
    #expect(read.sequence == .max && read.size == .max)
  }

  @Test func `no change of one byte reads as the same manifest or as something else than it is`() {
    let bytes = FirmwareManifest.sample.canonicalBytes
    let replacements = Array(" \"\\{}[],:0+-.eETzA/\t\n\0".utf8) + [0x7F, 0x80, 0xC3, 0xFF]
    var accepted = 0
    for index in bytes.indices {
      for value in Set(replacements + (0..<8).map { bytes[index] ^ (1 << $0) }) where value != bytes[index] {
        var changed = bytes
        changed[index] = value
        guard let manifest = try? FirmwareManifest(canonicalBytes: changed) else { continue }
        accepted += 1
        #expect(manifest != .sample, "byte \(index) is \(value)")
        #expect(manifest.canonicalBytes == changed, "byte \(index) is \(value)")
      }
      var cut = bytes
      cut.remove(at: index)
      if let manifest = try? FirmwareManifest(canonicalBytes: cut) { #expect(manifest.canonicalBytes == cut) }
    }
    // Names, versions and digits may change into others; if nothing did, this would have looked at nothing.
    #expect(accepted > 500)
  }
}

extension String {
  fileprivate func range(ofFirst text: String) -> Range<String.Index> {
    let (all, wanted) = (Array(utf8), Array(text.utf8))
    for start in 0...(all.count - wanted.count) where Array(all[start..<start + wanted.count]) == wanted {
      return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: start + wanted.count)
    }
    preconditionFailure("\(text) is not in the sample")
  }

  fileprivate func replacingCharacters(_ range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }

  fileprivate func replacingFirst(_ old: String, with new: String) -> String {
    replacingCharacters(range(ofFirst: old), with: new)
  }
}
