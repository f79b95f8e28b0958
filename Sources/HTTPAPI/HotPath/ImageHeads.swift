import Domain
import HTTPTypes
import Synchronization

/// The lines that every answer with the bytes of an image has, as bytes, for the images that are asked for now.
final class ImageHeads: Sendable {
  private static let most = 256

  private let lines = Mutex<[Int64: [UInt8]]>([:])

  func lines(of firmware: Firmware) -> [UInt8] {
    lines.withLock { lines in
      if let known = lines[firmware.id] { return known }
      if lines.count >= Self.most { lines.removeAll() }
      var new: [UInt8] = []
      for field in DownloadPlan.fixedHeaders(of: firmware) { new += "\(field.name.rawName): \(field.value)\r\n".utf8 }
      lines[firmware.id] = new
      return new
    }
  }
}
