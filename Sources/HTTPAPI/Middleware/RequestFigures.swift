import HTTPTypes
import Hummingbird
import Metrics
import NIOCore
import Synchronization
import Telemetry

/// Counts requests by status and measures how long they take until their answer is ready.
final class RequestFigures: RouterMiddleware {
  typealias Context = APIContext

  private let counters = Mutex<[Int: Counter]>([:])
  /// Those of nearly all answers.
  private let common = (ok: RequestFigures.counter(.ok), notModified: RequestFigures.counter(.notModified))
  private let seconds = Timer(label: MetricNames.httpRequestSeconds)

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    let response = try await next(request, context)
    count(response.status, after: ContinuousClock.now - start)
    return response
  }

  /// Counts one answer.
  func count(_ status: HTTPResponse.Status, after duration: Duration) {
    seconds.record(duration: duration)
    counter(status).increment()
  }

  /// The same for one whose request was read at a time since the computer was started.
  func count(_ status: HTTPResponse.Status, since start: NIODeadline) {
    seconds.recordNanoseconds((NIODeadline.now() - start).nanoseconds)
    counter(status).increment()
  }

  private func counter(_ status: HTTPResponse.Status) -> Counter {
    switch status.code {
    case 200: common.ok
    case 304: common.notModified
    default:
      counters.withLock { counters in
        if let known = counters[status.code] { return known }
        let new = Self.counter(status)
        counters[status.code] = new
        return new
      }
    }
  }

  private static func counter(_ status: HTTPResponse.Status) -> Counter {
    Counter(label: MetricNames.httpRequests, dimensions: [("status", String(status.code))])
  }
}
