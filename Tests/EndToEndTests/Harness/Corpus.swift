import Domain
import Foundation

/// Real firmware images with a manifest that says what each is.
struct Corpus: Sendable, CustomStringConvertible {
  struct Image: Sendable, Decodable {
    let id: String
    let model: String
    let mcu: String
    let version: String
    /// The path below the manifest's folder.
    let file: String
    let size: Int
    let sha256: String
  }

  private struct Manifest: Decodable {
    let images: [Image]
  }

  let folder: String
  let description: String

  /// The small images that are kept with these tests.
  static let fixtures = Corpus(folder: "\(tests)/Fixtures", description: "the fixtures of these tests")

  /// The larger collection, where it lies beside the checkout; and the fixtures, so that they never rot.
  static let all: [Corpus] = [
    Corpus(folder: "\(tests)/../../../shared/firmware-corpus", description: "the corpus beside the checkout"), fixtures,
  ].filter { FileManager.default.fileExists(atPath: "\($0.folder)/manifest.json") }

  /// `Tests/EndToEndTests`
  private static let tests: String = {
    let harness = (#filePath as NSString).deletingLastPathComponent
    return (harness as NSString).deletingLastPathComponent
  }()

  /// The images in the manifest's order.
  func images() throws -> [Image] {
    try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/manifest.json"))).images
  }

  func path(_ image: Image) -> String { "\(folder)/\(image.file)" }

  func bytes(_ image: Image) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path(image)))) }
}
