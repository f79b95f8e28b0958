import ImageFormats
import TestSupport
import Testing

@Suite struct SWUpdatePackageTests {
  private func describe(_ text: String) throws -> ImageDescription {
    try ImageInspector.describe(MemoryImage(SampleImages.swu(text)))
  }

  private static let digits = SHA256.digest(Array(0..<33)[...]).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()

  private static let libconfig = """
    // made by hand
    software =
    {
      version = "1.2" ".3"; name = "door"; description = "Door controller";
      hardware-compatibility: [ "1.0", "#RE:^v[0-9]$" ];
      greatfet_one = {
        hardware-compatibility = [ "1.0", "2.0" ]
        stable: { main: { images: ( { filename = "fw.bin"; sha256 = "\(digits)"; }, { version = "9"; } ); }; };
      };
      lamp: { files: ( { filename = "fw.bin"; sha256 = "\(digits.uppercased())"; path = "/a"; size = 33L; } ) };
      embedded-script = "function a() return 1; end";
    };
    """

  private static let json = """
    {"software": {"version": "1.2.3", "name": "door", "description": "Door controller",
      "hardware-compatibility": ["1.0", "#RE:^v[0-9]$"],
      "greatfet_one": {"hardware-compatibility": ["1.0", "2.0"],
        "stable": {"main": {"images": [{"filename": "fw.bin", "sha256": "\(digits)"}, {"version": "9"}]}}},
      "lamp": {"files": [{"filename": "fw.bin", "sha256": "\(digits)", "path": "/a", "size": 33}]},
      "embedded-script": "function a() return 1; end"}}
    """

  static let image = SampleImages.swu(libconfig)

  @Test(arguments: [libconfig, json])
  func `an SWUpdate package says its version, name, boards and revisions in either syntax`(text: String) throws {
    let description = try describe(text)
    #expect(description.format == .swu && description.version == "1.2.3")
    #expect(
      description.details == [
        "entries": "2", "signed": "false", "name": "door", "description": "Door controller", "boards": "greatfet_one, lamp",
        "hardwareCompatibility": "1.0, #RE:^v[0-9]$, 2.0",
      ])
  }

  @Test(arguments: [
    "a = { images: ( ); }; images: ( );", "a = { images: ( ); }; stable = { main = { files: ( ); }; };", "a = { };", "",
    "stable = { main = { images: ( ); }; copy = { images: ( ); }; };",
    (0..<17).map { "b\($0) = { images: ( ); };" }.joined(),
  ])
  func `a package that any board may take names none`(text: String) throws {
    let description = try describe("software = { version = \"1\"; \(text) };")
    #expect(description.version == "1")
    #expect(description.details["boards"] == nil)
  }

  @Test func `a payload that is not what the description says is the device's to refuse`() throws {
    for text in [Self.libconfig, Self.json] {
      let description = try ImageInspector.describe(MemoryImage(SampleImages.swu(text, payload: Array<UInt8>(1..<34))))
      #expect(description.format == .swu && description.version != nil)
    }
  }

  private static let hostile = [
    String(repeating: "{", count: 100_000), "software = " + String(repeating: "(", count: 100_000),
    String(repeating: "a={", count: 100_000), #"{"software":"# + String(repeating: "[", count: 100_000),
    #"{"software":"# + String(repeating: "{\"a\":", count: 100_000), String(repeating: "software=", count: 50_000),
    "software={" + (0..<15_000).map { "a\($0)={hardware-compatibility=[\"\($0)\"]};" }.joined(),
    "software={images:(" + String(repeating: "{filename=\"fw.bin\";sha256=\"x\"},", count: 20_000),
    "/*" + String(repeating: "*", count: 500_000), "software" + String(repeating: "\"", count: 300_001),
  ]

  @Test(arguments: hostile.indices)
  func `a hostile description is read in no time and says nothing that counts`(index: Int) throws {
    let started = ContinuousClock.now
    let description = try describe(Self.hostile[index])
    #expect(description.format == .swu && description.version == nil && description.details["boards"] == nil)
    #expect(ContinuousClock.now - started < .seconds(20))
  }

  @Test func `descriptions with bytes changed at random give an answer or an error of this room`() {
    var random = SeededGenerator(seed: 23)
    for text in [Self.libconfig, Self.json] {
      let bytes = Array(text.utf8)
      for _ in 0..<1000 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          damaged[Int.random(in: 0..<damaged.count, using: &random)] =
            Array("{}()[]\"\\=:;,#/*a\n\0".utf8).randomElement(using: &random) ?? 0
        }
        let image = SampleImages.swu(String(decoding: damaged, as: UTF8.self))
        do { _ = try ImageInspector.describe(MemoryImage(image)) } catch { #expect(error is ImageFormatError, "\(error)") }
      }
    }
  }
}
