import HTTPTypes
import Hummingbird
import Metrics
import Synchronization
import Telemetry

/// Counts requests by status and measures how long they take until their answer is ready.
final class RequestFigures: RouterMiddleware {
  typealias Context = APIContext

  private let counters = Mutex<[Int: Counter]>([:])
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
    counter(status.code).increment()
  }

  private func counter(_ status: Int) -> Counter {
    counters.withLock { counters in
      if let known = counters[status] { return known }
      let new = Counter(label: MetricNames.httpRequests, dimensions: [("status", String(status))])
      counters[status] = new
      return new
    }
  }
}
