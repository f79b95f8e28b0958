import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Sends deliveries by HTTP, one connection each.
///
/// A name is resolved here, and the connection goes to the address that was looked at: resolved a second time it could be
/// another one.
public struct HTTPWebhookTransport: WebhookTransport {
  /// Every limit of a delivery, in seconds, bytes or addresses.
  public struct Limits: Sendable {
    /// Until a connection stands.
    public var connect = 5
    /// From the look-up of the name to the head of the answer.
    public var whole = 15
    /// What is read of an answer's body, and for how long, so that a receiver with a short one is not cut off.
    public var answerBytes = 4096
    public var answerBody = 1
    /// How many addresses of a name are tried.
    public var addresses = 3

    public init() {}
  }

  private let allowsPrivateAddresses: Bool
  private let limits: Limits

  /// - Parameter allowsPrivateAddresses: whether receivers may be on this machine or in its network.
  public init(allowsPrivateAddresses: Bool, limits: Limits = Limits()) {
    self.allowsPrivateAddresses = allowsPrivateAddresses
    self.limits = limits
  }

  public func send(_ delivery: OutgoingWebhook) async throws -> Int {
    let deadline = NIODeadline.now() + .seconds(Int64(limits.whole))
    let target = try WebhookTarget(delivery.url)
    let addresses = try await permittedAddresses(of: target)
    var failure: any Error = WebhookError(.connection, "\(target.host) has no address")
    for address in addresses.prefix(limits.addresses) {
      do { return try await post(delivery, to: target, at: address, deadline) } catch let error as ConnectionFailure {
        failure = error.cause
      }
    }
    throw failure
  }

  /// - Throws: `privateAddress` where any of them is: a name for both is a trap, or a mistake.
  private func permittedAddresses(of target: WebhookTarget) async throws -> [String] {
    let addresses = try await NameResolution.addresses(of: target.host, port: target.port, within: limits.connect)
    if !allowsPrivateAddresses, let address = addresses.first(where: AddressGuard.isPrivate) {
      throw WebhookError(
        .privateAddress,
        "\(target.host) is \(address.ipAddress ?? "local"), which is no public address: see serve --webhook-private-addresses")
    }
    return addresses.compactMap(\.ipAddress)
  }

  /// There was no connection: another address may do.
  private struct ConnectionFailure: Error { let cause: WebhookError }

  private func post(
    _ delivery: OutgoingWebhook, to target: WebhookTarget, at address: String, _ deadline: NIODeadline
  ) async throws -> Int {
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(target.host, address))
    do {
      let status = try await exchange(delivery, target, client, deadline)
      try? await client.shutdown()
      return status
    } catch {
      try? await client.shutdown()
      throw failure(error, target)
    }
  }

  private func configuration(_ host: String, _ address: String) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.dnsOverride = [host: address]
    configuration.timeout.connect = .seconds(Int64(limits.connect))
    configuration.timeout.read = .seconds(Int64(limits.whole))
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    return configuration
  }

  private func exchange(
    _ delivery: OutgoingWebhook, _ target: WebhookTarget, _ client: HTTPClient, _ deadline: NIODeadline
  ) async throws -> Int {
    var request = HTTPClientRequest(url: target.url.absoluteString)
    request.method = .POST
    for (name, value) in delivery.headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(ByteBuffer(bytes: delivery.body))
    let response = try await client.execute(request, deadline: deadline)
    // The status is what counts: whatever becomes of the body, it has been said.
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await readBody(of: response) }
      group.addTask { try? await Task.sleep(for: .seconds(limits.answerBody)) }
      await group.next()
      group.cancelAll()
    }
    return Int(response.status.code)
  }

  private func readBody(of response: HTTPClientResponse) async throws {
    var count = 0
    for try await piece in response.body {
      count += piece.readableBytes
      if count >= limits.answerBytes { return }
    }
  }

  private func failure(_ error: any Error, _ target: WebhookTarget) -> any Error {
    switch error {
    case is CancellationError: return error
    case let error as HTTPClientError where error == .cancelled && Task.isCancelled: return CancellationError()
    case let error as HTTPClientError where error == .connectTimeout:
      return ConnectionFailure(cause: WebhookError(.timeout, "\(target.host): no connection in \(limits.connect) s"))
    case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
      return WebhookError(.timeout, "\(target.host): no answer in \(limits.whole) s")
    case is HTTPClientError, is HTTPParserError, is ChannelError:
      return WebhookError(.connection, "\(target.host): no HTTP answer (\(Self.short(error)))")
    case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE:
      return WebhookError(.connection, "\(target.host): the connection was cut")
    // What is left is for a connection that could not be made.
    default: return ConnectionFailure(cause: WebhookError(.connection, "\(target.host): cannot connect (\(Self.short(error)))"))
    }
  }

  private static func short(_ error: any Error) -> String { String("\(error)".prefix(200)) }
}
