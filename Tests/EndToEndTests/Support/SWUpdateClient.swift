import Foundation
import TestSupport

/// The real `swupdate`, of hardware `default:1.0` unless said otherwise. It ends with the last that holds it, its children with it.
///
/// It keeps no state over a restart: what a boot loader would remember, the test says when it starts it again.
final class SWUpdateClient: Sendable {
  /// A device that asks a server of hawkBit's kind.
  struct Device: Sendable {
    enum Token: Sendable {
      case gateway(String)
      case target(String)
    }

    var tenant = "default"
    /// `http://127.0.0.1:PORT`
    var url: String
    /// The controller's id.
    var id: String
    var token: Token
    /// What it says of itself.
    var attributes: [String: String] = [:]
    /// How often an interrupted download goes on, and after how many seconds.
    var retry = 20
    var retryWait = 1
    /// Seconds between polls until the server has said otherwise.
    var pollDelay = 1
    /// As the client spells it (`512k` bytes a second); nil for as fast as it can.
    var longestSpeed: String?
  }

  /// What the device knows of the update before the restart.
  enum Outcome: String, Sendable {
    case again = "1"
    case success = "2"
    case failure = "3"
  }

  private let program: StartedProgram
  private let folder: TemporaryFolder

  private init(_ arguments: [String], configuration: String? = nil, hardware: String) throws {
    folder = try TemporaryFolder()
    var all = ["-H", hardware, "-m", "-M"]
    if let configuration { all += ["-f", try folder.write(Data(configuration.utf8), to: "swupdate.cfg")] }
    // Its sockets have the same names each time: two in one folder would take each other for themselves.
    program = try StartedProgram("swupdate", all + arguments, in: folder.path, environment: ["TMPDIR": folder.path])
  }

  /// Lets it install one package from a URL, and end.
  /// - Parameter retries: how often an interrupted download goes on; it waits five seconds before each.
  static func install(
    from url: String, trusting signer: SWUpdateSigner, retries: Int = 3, hardware: String = "default:1.0"
  ) throws -> SWUpdateClient {
    try SWUpdateClient(["-v", "-k", signer.certificate, "-d", "-u \(url) -r \(retries) -t 10"], hardware: hardware)
  }

  /// Starts it as a device that polls.
  /// - Parameter outcome: of the update before, where it starts "after the reboot": it is what it reports first.
  static func poll(
    _ device: Device, trusting signer: SWUpdateSigner, after outcome: Outcome? = nil, hardware: String = "default:1.0"
  ) throws -> SWUpdateClient {
    try SWUpdateClient(
      ["-u", outcome.map { "-c \($0.rawValue)" } ?? ""], configuration: configuration(device, signer), hardware: hardware)
  }

  private static func configuration(_ device: Device, _ signer: SWUpdateSigner) -> String {
    let attributes = device.attributes.sorted { $0.key < $1.key }.map { "{ name = \"\($0.key)\"; value = \"\($0.value)\"; }" }
    var settings = [
      "tenant = \"\(device.tenant)\"", "id = \"\(device.id)\"", "url = \"\(device.url)\"", "retry = \(device.retry)",
      "retrywait = \(device.retryWait)", "polldelay = \(device.pollDelay)", "initial-report-resend-period = 1",
    ]
    switch device.token {
    case .gateway(let token): settings.append("gatewaytoken = \"\(token)\"")
    case .target(let token): settings.append("targettoken = \"\(token)\"")
    }
    if let speed = device.longestSpeed { settings.append("max-download-speed = \"\(speed)\"") }
    return """
      globals : { verbose = true; loglevel = 5; public-key-file = "\(signer.certificate)"; };
      identify : ( \(attributes.joined(separator: ", ")) );
      suricatta : { \(settings.joined(separator: "; ")); };

      """
  }

  /// What it has told so far.
  var log: String { program.written }

  var isRunning: Bool { program.isRunning }

  /// A signal met it while its downloader wrote to its installer: it does not go on after `EINTR` (`ipc_send_data` and
  /// `fill_buffer` of 2022.12), and reports a failed update.
  struct Interrupted: Error {}

  /// Plays a journey, and another one from the start where a signal met the client: nobody but the client can help that.
  static func journey(_ play: () async throws -> Void) async throws {
    for _ in 1...2 {
      do { return try await play() } catch is Interrupted {}
    }
    try await play()
  }

  /// Whether it has failed by that alone: where bytes are wrong, the installer says so too.
  private var wasInterrupted: Bool {
    let errors = log.split(separator: "\n").filter { $0.contains("[ERROR]") }
    let told = ["Cannot read stored update state", "Channel operation returned error (23)", "No suitable .swu image found"]
    let interrupted = ["Writing into SWUpdate IPC stream failed", "Interrupted system call"]
    let follows = told + interrupted + ["Error processing update chunk"]
    return errors.contains { error in interrupted.contains { error.contains($0) } }
      && errors.allSatisfy { error in follows.contains { error.contains($0) } }
  }

  /// Waits until it has told something.
  /// - Throws: `NeverHappened` with the end of its log; `Interrupted`.
  func tells(_ text: String, within seconds: Double = 120) async throws {
    do {
      var seen = -1
      try await eventually("swupdate tells: \(text)", within: seconds) {
        // It tells much: what is there already is not read over and over.
        let size = program.writtenBytes
        defer { seen = size }
        return size != seen && (log.contains(text) || wasInterrupted)
      }
    } catch is NeverHappened {
      throw NeverHappened(what: "swupdate tells: \(text), but:\n\(log.suffix(4000))\n", seconds: seconds)
    }
    guard log.contains(text) else { throw Interrupted() }
  }

  /// Waits for its end.
  /// - Throws: `Interrupted`, also where it has failed and its end came before the thread that tells had told why.
  func result() async throws -> ProgramResult {
    let result = await program.result()
    if wasInterrupted || result.status != 0 && !log.contains("[ERROR]") { throw Interrupted() }
    return result
  }

  /// Ends it as a power cut would, and returns when it is gone.
  func kill() async {
    program.signal(SIGKILL)
    _ = await program.result()
  }
}
