public import Hummingbird
public import HummingbirdCore
public import Logging
import NIOHTTP1

/// The router's way of answering what the framework has read from a connection: with a context for each request, an answer to
/// every error, and the date.
public enum RoutedRequests {
  /// The client has sent what is no HTTP while it was being answered: nothing can be answered to that any more.
  private struct BrokenWhileAnswering: Error {}

  /// - Parameter log: goes with each request, which has its number there.
  public static func responder(
    _ router: some HTTPResponder<APIContext>, log: Logger
  ) -> HTTPChannelHandler.Responder {
    { request, writer, channel in
      var log = log
      log[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
      let context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: log))
      var response: Response
      do {
        response = try await router.respond(to: request, context: context)
      } catch let error as HTTPParserError {
        throw error
      } catch {
        log.debug("an error that no middleware has answered", metadata: ["error": "\(error)"])
        response = Response(status: .internalServerError)
      }
      response.headers[.date] = HTTPDate.now()
      do {
        try await writer.write(response: response.head, body: response.body)
      } catch is HTTPParserError {
        // Thrown as it is, it would be answered a second time.
        throw BrokenWhileAnswering()
      }
    }
  }
}
