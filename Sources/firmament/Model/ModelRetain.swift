import APIClient
import APIContract
import ArgumentParser

/// Says how long values of a model's things are kept.
struct ModelRetain: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "retain", abstract: "Say how long values of a model's things are kept; what is older goes in the background.")

  @Argument(help: "The model.") var name: String
  @Option(help: "Keep the newest so many values of each resource.") var values: Int?
  @Option(help: "Keep values for so long, such as 30d; the newest of each resource stays.") var age: DurationArgument?
  @Flag(help: "Keep everything.") var forever = false
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if forever == (values != nil || age != nil) { throw ValidationError("Give --values, --age or both, or else --forever.") }
    if let values, values < 1 { throw ValidationError("--values is at least 1.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let model = try await client.setRetention(RetentionShape(values: values, age: age?.seconds), model: name)
    try output.write(model, line: PlainText.oneLine("Values of \(model.name) are kept \(model.retention.text)."))
  }
}
