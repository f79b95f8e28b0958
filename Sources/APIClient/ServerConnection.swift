import APIContract
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// One HTTP client for one server: it owns its connections and must be shut down. The clients of both APIs may share it.
public final class ServerConnection: Sendable {
  /// Every limit of a connection, in seconds, bytes or pieces.
  public struct Limits: Sendable {
    /// Until a connection stands.
    public var connect: Int64 = 5
    /// Between two bytes of an answer, and until its first.
    public var silence: Int64 = 60
    /// For a whole call that is neither an upload nor a download.
    public var call: Int64 = 60
    /// The longest JSON answer.
    public var answerBytes = 64 << 20
    /// Connections at the same time; more calls wait.
    public var connections = 8

    public init() {}
  }

  public let address: ServerAddress
  let limits: Limits
  private let client: HTTPClient

  public init(_ address: ServerAddress, trust: ServerTrust = .system, limits: Limits = Limits()) {
    self.address = address
    self.limits = limits
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(limits.connect)
    configuration.timeout.read = .seconds(limits.silence)
    configuration.timeout.write = .seconds(limits.silence)
    // A refused connection is told at once instead of being tried until the deadline.
    configuration.connectionPool.retryConnectionEstablishment = false
    // Shorter than a server's own patience, so that a kept connection is hardly ever closed under a new request.
    configuration.connectionPool.idleTimeout = .seconds(10)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limits.connections
    configuration.httpVersion = .http1Only
    configuration.tlsConfiguration = trust.configuration
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// Ends the connections. Nothing may be called on it any more.
  public func shutdown() async { try? await client.shutdown() }

  /// Opens a connection, and shuts it down after the work, however that ends.
  public static func with<Result>(
    _ address: ServerAddress, trust: ServerTrust = .system, limits: Limits = Limits(),
    _ work: (ServerConnection) async throws -> Result
  ) async throws -> Result {
    let connection = ServerConnection(address, trust: trust, limits: limits)
    do {
      let result = try await work(connection)
      await connection.shutdown()
      return result
    } catch {
      await connection.shutdown()
      throw error
    }
  }
}

extension ServerConnection {
  /// A request for an endpoint's path on this server.
  func request(_ endpoint: Endpoint, _ path: String, query: [(String, String?)] = []) -> HTTPClientRequest {
    let pairs = query.compactMap { name, value in value.map { "\(name)=\(Endpoint.encode($0))" } }
    var request = HTTPClientRequest(url: address.description + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
    request.method = HTTPMethod(rawValue: endpoint.method.rawValue.uppercased())
    request.headers.add(name: "User-Agent", value: "firmament")
    return request
  }

  /// Sends a request and gives the head of the answer, with the body still to come.
  /// - Parameter seconds: for the whole answer; nil where only silence ends it.
  func send(_ request: HTTPClientRequest, within seconds: Int64?) async throws -> HTTPClientResponse {
    let deadline = seconds.map { NIODeadline.now() + .seconds($0) } ?? .distantFuture
    return try await naming { try await client.execute(request, deadline: deadline) }
  }

  /// The whole body of an answer, up to the limit.
  func body(of response: HTTPClientResponse) async throws -> Data {
    try await naming {
      let buffer = try await response.body.collect(upTo: limits.answerBytes)
      return Data(buffer.readableBytesView)
    }
  }

  /// Does a part of a call, and says of each failure of the connection what it was.
  func naming<Result>(_ work: () async throws -> Result) async throws -> Result {
    do { return try await work() } catch { throw failure(error) }
  }

  private func failure(_ error: any Error) -> any Error {
    switch error {
    case is CancellationError, is APIClientError: return error
    case let error as HTTPClientError where error == .cancelled && Task.isCancelled: return CancellationError()
    case let error as HTTPClientError where error == .connectTimeout: return unreachable("no answer in \(limits.connect) s")
    case let error as HTTPClientError where [.readTimeout, .writeTimeout, .deadlineExceeded].contains(error):
      return APIClientError(.timedOut, "\(address) did not answer in time: look at the server's log, then try again")
    case let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
      return unreachable(error.errnoCode == ECONNREFUSED ? nil : "\(error)")
    case is HTTPClientError, is IOError, is ChannelError:
      return APIClientError(.disconnected, "the connection to \(address) was cut (\(error)): run the same command again")
    case is NIOTooManyBytesError:
      return APIClientError(.unexpectedAnswer, "the answer of \(address) is too long: is this address a Firmament server?")
    case is NIOSSLError, is NIOSSLExtraError:
      return APIClientError(
        .cannotConnect,
        "\(address) does not prove by its certificate that it is this server (\("\(error)".prefix(200))): give the certificate "
          + "that its own is signed by with --ca FILE or FIRMAMENT_CA")
    // What is left is the socket library's own error for a connection that could not be made.
    default: return unreachable("\(error)")
    }
  }

  private func unreachable(_ cause: String?) -> APIClientError {
    let reason = cause.map { " (\($0.prefix(200)))" } ?? ""
    return APIClientError(
      .cannotConnect, "cannot connect to \(address)\(reason): is the server running? Start it with: firmament serve")
  }
}
