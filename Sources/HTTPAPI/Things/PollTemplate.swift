import APIContract
import Cryptography
import Domain
import FirmwareService
import Synchronization

/// The bytes of a poll's answer but for the token and the time to ask again, made once for all things that are offered the
/// same. Members of the body stand in the order of the wire page, and nothing that is not needed is written: small devices hold
/// about 1,400 bytes, headers included.
final class PollTemplate: Sendable {
  /// What stands before, between and behind the tokens, up to the time to ask again.
  let pieces: [[UInt8]]
  /// What the entity tags of all its answers begin with, by the quotation mark.
  let tagBeginning: String
  /// Where the tokens stand, in bytes from the beginning.
  let tokenPlaces: [Int]
  private let literalBytes: Int

  /// - Parameter publicPath: what paths begin with where a proxy serves the API under a path of its own.
  init(_ offers: [OfferedFirmware], publicPath: String) {
    // Around the token, and before the id.
    var path = Endpoints.downloadFirmware.literalPieces
    path[0] = publicPath + path[0]
    var pieces: [[UInt8]] = []
    var piece = Array("{\"status\":\"success\",\"firmwares\":[".utf8)
    for (index, offer) in offers.enumerated() {
      if index > 0 { piece.append(UInt8(ascii: ",")) }
      Self.append(offer.firmware, path[0], to: &piece)
      pieces.append(piece)
      piece = Array("\(path[1])\(offer.firmware.publicID)\",\"update\":\(offer.isUpdate)".utf8)
      if offer.isDownloadOnly { piece += ",\"downloadOnly\":true".utf8 }
      piece.append(UInt8(ascii: "}"))
    }
    pieces.append(piece + Array("],\"retryAfter\":".utf8))
    self.pieces = pieces
    literalBytes = pieces.reduce(0) { $0 + $1.count }
    var place = 0
    tokenPlaces = pieces.dropLast().map { piece in
      defer { place += piece.count + ThingToken.length }
      return place + piece.count
    }
    let plain = pieces.flatMap { $0 } + Array("0}".utf8)
    tagBeginning = "\"\(Hexadecimal.encode(SHA256Hasher.digest(of: plain).prefix(12)))-"
  }

  /// All that stands before the token.
  private static func append(_ firmware: Firmware, _ path: String, to piece: inout [UInt8]) {
    piece += "{\"_id\":\"".utf8
    piece += firmware.publicID.utf8
    piece += "\",\"version\":".utf8
    piece += JSONText.quoted(firmware.version.text).utf8
    piece += ",\"mcu\":".utf8
    piece += JSONText.quoted(firmware.mcu).utf8
    piece += ",\"sequence\":\(firmware.sequence),\"size\":\(firmware.size),\"sha256\":\"".utf8
    piece += firmware.digest.hex.utf8
    piece += "\",\"url\":\"".utf8
    piece += path.utf8
  }

  /// The strong entity tag, with its quotation marks. It leaves the token out, which is in the path of what it is the tag of.
  func tag(retryAfter: Int64) -> String { "\(tagBeginning)\(String(retryAfter, radix: 16))\"" }

  /// Bytes of the whole body.
  func length(retryAfter: Int64) -> Int {
    literalBytes + tokenPlaces.count * ThingToken.length + Self.digits(of: retryAfter) + 1
  }

  /// Writes the whole body, a piece at a time.
  /// - Parameter token: the 43 bytes of the secret.
  func write(token: UnsafeRawBufferPointer, retryAfter: Int64, _ write: (UnsafeRawBufferPointer) -> Void) {
    for (index, piece) in pieces.enumerated() {
      if index > 0 { write(token) }
      piece.withUnsafeBytes(write)
    }
    var end = "\(retryAfter)}"
    end.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  private static func digits(of seconds: Int64) -> Int {
    var (rest, count) = (seconds.magnitude, seconds < 0 ? 2 : 1)
    while rest >= 10 { (rest, count) = (rest / 10, count + 1) }
    return count
  }
}

/// The templates of what things are offered at present.
final class PollTemplates: Sendable {
  private struct Known {
    /// Held, so that no other object takes its place.
    let offers: SharedOffers
    let template: PollTemplate
  }

  /// The most that are kept; with one more, all are made anew as they are needed.
  private static let most = 1024

  private let publicPath: String
  private let known = Mutex<[ObjectIdentifier: Known]>([:])

  init(publicPath: String) { self.publicPath = publicPath }

  subscript(offers: SharedOffers) -> PollTemplate {
    if let known = known.withLock({ $0[ObjectIdentifier(offers)] }) { return known.template }
    let template = PollTemplate(offers.firmwares, publicPath: publicPath)
    known.withLock { known in
      if known.count >= Self.most { known = [:] }
      known[ObjectIdentifier(offers)] = Known(offers: offers, template: template)
    }
    return template
  }
}
