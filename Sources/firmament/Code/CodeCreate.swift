import APIClient
import APIContract
import ArgumentParser

/// Creates activation codes.
struct CodeCreate: ServerCommand {
  /// As many as one request may create.
  static let batch = 10_000
  static let most = 1_000_000

  static let configuration = CommandConfiguration(commandName: "create", abstract: "Create activation codes for a model.")

  @Argument(help: "The model.") var model: String
  @Option(help: "How many.") var count: Int
  @Flag(help: "Print CSV with a header.") var csv = false
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if !(1...Self.most).contains(count) { throw ValidationError("--count is 1 to \(Self.most).") }
    if csv && server.output.json { throw ValidationError("Give --csv or --json, not both.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let codes = try await Self.create(count, of: model, client)
    if csv { StandardStream.output.write(codes.csv) } else { try output.write(codes) }
  }

  /// Creates them in as many requests as it takes.
  static func create(_ count: Int, of model: String, _ client: OperatorClient) async throws -> CodeList {
    var codes = CodeList(codes: [], next: PageCursor(nil))
    while codes.codes.count < count {
      let missing = count - codes.codes.count
      let more = try await client.createCodes(NewCodes(model: model, count: min(missing, batch)))
      guard !more.codes.isEmpty else { throw CommandFailure("the server created no codes: look at its log") }
      codes = CodeList(codes: codes.codes + more.codes, next: PageCursor(nil))
    }
    return codes
  }
}
