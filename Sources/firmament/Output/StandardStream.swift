import Foundation

/// Standard output or standard error, written without a buffer.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Writes all of the text. When nobody reads standard output any more the process ends: what it did is done.
  func write(_ text: String) {
    var remaining = Array(text.utf8)[...]
    while !remaining.isEmpty {
      let written = remaining.withUnsafeBytes { Foundation.write(rawValue, $0.baseAddress, $0.count) }
      if written >= 0 {
        remaining = remaining.dropFirst(written)
      } else if errno != EINTR && errno != EAGAIN {
        if self == .output { exit(errno == EPIPE ? 0 : 1) }
        return
      }
    }
  }

  var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Columns of the terminal; 80 where it does not say.
  var columns: Int {
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
