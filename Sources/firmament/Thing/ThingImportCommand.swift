import APIClient
import APIContract
import ArgumentParser
import Foundation

/// Takes over things from another system with the tokens they have.
struct ThingImportCommand: ServerCommand {
  /// Things in one request: all of them or none.
  static let batch = 1000
  /// The longest file that is read, in bytes.
  static let longest = 256 << 20

  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take over things with the tokens they have, from a CSV file.",
    discussion: "The first line names the columns: token, model, and id where wanted. Nothing is sent if any line is wrong.")

  @Argument(help: "The CSV file.") var file: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let rows = try read()
    var done = ThingImportShape(imported: 0, unchanged: 0)
    for start in stride(from: 0, to: rows.count, by: Self.batch) {
      let part = rows[start..<min(start + Self.batch, rows.count)]
      do {
        let answer = try await client.importThings(part.map(\.thing))
        done = ThingImportShape(imported: done.imported + answer.imported, unchanged: done.unchanged + answer.unchanged)
      } catch let error as APIClientError {
        let before = start == 0 ? "nothing was imported" : "the lines before are imported and may be sent again"
        throw CommandFailure("\(file), \(ThingTable.located(error.detail, in: part)); \(before)")
      }
    }
    try output.write(done)
  }

  private func read() throws -> [ThingTable.Row] {
    guard FileManager.default.fileExists(atPath: file) else { throw CommandFailure("\(file) does not exist") }
    guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.read(upToCount: Self.longest + 1) else {
      throw CommandFailure("\(file) cannot be read: check that it is a file and that you may read it")
    }
    guard data.count <= Self.longest else { throw CommandFailure("\(file) is too long: split it into files of fewer things") }
    do {
      return try ThingTable(csv: Array(data)).rows
    } catch {
      throw CommandFailure("\(file), \(error); nothing was sent")
    }
  }
}
