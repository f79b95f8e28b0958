public import Domain

/// What a device says of an action, as it came.
public struct DeviceReport: Sendable, Hashable {
  public let execution: ActionReport.Execution
  public let finished: ActionReport.Finished
  public let code: Int64?
  public let details: [String]

  public init(execution: ActionReport.Execution, finished: ActionReport.Finished, code: Int64?, details: [String]) {
    self.execution = execution
    self.finished = finished
    self.code = code
    self.details = details
  }

  /// What makes a repetition the same report: devices repeat it with another time and other words.
  var signature: String { "\(execution.rawValue) \(finished.rawValue) \(code.map(String.init) ?? "")" }

  /// How the signature of one begins that ends a download.
  static let downloaded = "\(ActionReport.Execution.downloaded.rawValue) "

  /// What of it is kept.
  func entry(at now: Timestamp) -> ActionReport {
    let status = code.map { ["Device reported status code: \($0)"] } ?? []
    return ActionReport(at: now, execution: execution, finished: finished, code: code, messages: pieces + status)
  }

  /// The details, long ones cut in pieces as hawkBit does; what comes after the last piece that is kept is dropped.
  private var pieces: [String] {
    var pieces: [String] = []
    for detail in details {
      // Scalars: a character may be of any length.
      var rest = detail.unicodeScalars[...]
      repeat {
        guard pieces.count < Self.mostMessages else { return pieces }
        let end = rest.index(rest.startIndex, offsetBy: Self.longestMessage, limitedBy: rest.endIndex) ?? rest.endIndex
        pieces.append(String(rest[..<end]))
        rest = rest[end...]
      } while !rest.isEmpty
    }
    return pieces
  }

  /// The most Unicode scalars of a message.
  static let longestMessage = 512
  /// The most details of a report, and the most pieces of them that are kept.
  static let mostMessages = 50
}

extension FirmwareService {
  /// - Throws: `quotaExceeded`.
  static func check(_ report: DeviceReport) throws {
    guard report.details.count <= DeviceReport.mostMessages else {
      throw ServiceError(.quotaExceeded, "details: \(DeviceReport.mostMessages) at most")
    }
  }
}
