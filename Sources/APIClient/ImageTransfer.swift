import APIContract
public import Domain

/// Brings the bytes of one file to the server, over as many connections as it takes. What has arrived is not sent again.
public struct ImageTransfer: Sendable {
  /// Attempts in a row that bring nothing further before it gives up.
  public static let attempts = 8
  /// The same while another upload of the image is under way: one whose connection died silently is given up by the server
  /// after half a minute.
  public static let attemptsWhileBusy = 60
  /// The longest wait between two attempts, in seconds, unless the server asks for another.
  public static let longestWait = 15.0

  public enum Outcome: Sendable { case sent, alreadyStored }

  let client: OperatorClient
  let path: String
  let digest: ImageDigest
  let size: Int64

  /// - Parameters:
  ///   - digest: of the whole file.
  ///   - size: bytes of the file, as it was hashed.
  public init(_ client: OperatorClient, file path: String, digest: ImageDigest, size: Int64) {
    self.client = client
    self.path = path
    self.digest = digest
    self.size = size
  }

  /// - Parameters:
  ///   - progress: called with the number of bytes that the server has or is being sent, from any thread.
  ///   - waiting: called with the reason and the seconds before another attempt.
  /// - Throws: `APIClientError`: at once what cannot pass, else the last failure.
  public func run(
    progress: @escaping @Sendable (Int64) -> Void, waiting: @Sendable (APIClientError, Double) -> Void = { _, _ in }
  ) async throws -> Outcome {
    var furthest: Int64 = -1
    var fruitless = 0
    var reached = false
    while true {
      do {
        let probe = try await client.probeImage(digest)
        reached = true
        guard case .missing(let arrived) = probe else { return fruitless == 0 && furthest < 0 ? .alreadyStored : .sent }
        if arrived > furthest { fruitless = 0 }
        furthest = max(furthest, arrived)
        _ = try await client.storeImage(
          digest, file: path, from: arrived <= size ? arrived : 0, size: size, progress: progress)
        return .sent
      } catch let error as APIClientError where error.isPassing && reached {
        fruitless += 1
        let isBusy = error.problem == "upload-in-progress"
        guard fruitless < (isBusy ? Self.attemptsWhileBusy : Self.attempts) else { throw error }
        let wait = error.retryAfter.map(Double.init) ?? min(Self.longestWait, 0.25 * Double(1 << min(fruitless, 8)))
        waiting(error, wait)
        try await Task.sleep(for: .seconds(min(wait, 60)))
      }
    }
  }
}
