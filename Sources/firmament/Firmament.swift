import ArgumentParser
import Foundation

/// The one executable: `firmament serve` is the service, every other command speaks HTTP to one.
@main
struct Firmament: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "firmament",
    abstract: "Firmware distribution and over-the-air updates for fleets of devices.",
    discussion: "firmament --version prints the version.",
    subcommands: [
      Serve.self, LoginCommand.self, KeyCommand.self, ModelCommand.self, SignCommand.self, UploadCommand.self,
      FirmwareCommand.self, RolloutCommand.self, CodeCommand.self, ThingCommand.self, ControllerCommand.self,
      AppCommand.self, UserCommand.self, OperatorCommand.self, WebhookCommand.self, StatusCommand.self, AuditCommand.self,
      StoreCommand.self, FleetCommand.self, DemoCommand.self,
    ])

  /// Wrong usage exits with 64 and the usage; a failure at work exits with 1 and one line on standard error, below
  /// which the place of a mistake may be shown.
  static func main() async {
    // A reader that has seen enough (`| head`) is noticed where the output is written, not by a signal.
    signal(SIGPIPE, SIG_IGN)
    // Not the parser's own version flag: that one would stand beside the `--version` of an upload.
    if CommandLine.arguments.dropFirst() == ["--version"] { return StandardStream.output.write(version + "\n") }
    var command: any ParsableCommand
    do { command = try parseAsRoot() } catch { exit(withError: error) }
    do {
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch {
      guard let line = CommandFailure.line(for: error) else { exit(withError: error) }
      let below = (error as? CommandFailure)?.below.map { $0 + "\n" } ?? ""
      StandardStream.error.write("firmament: \(line)\n\(below)")
      Foundation.exit(1)
    }
  }
}
