import Foundation
import TestSupport
import Testing

/// The real `openssl` program in a folder of its own: what engineers have, and a second opinion on everything.
struct OpenSSLProgram {
  let folder: URL

  /// Runs `body` with an empty folder, and removes that afterwards.
  static func use<Value>(_ body: (OpenSSLProgram) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firmament-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(OpenSSLProgram(folder: folder))
  }

  /// - Returns: the exit status. Nothing can be typed in: a program that asks gets the end of the file.
  @discardableResult
  func run(_ arguments: String...) throws -> Int32 { try run(arguments) }

  /// The same with the arguments in an array.
  func run(_ arguments: [String]) throws -> Int32 {
    try ChildProcess("openssl", arguments, in: folder.path, errors: .nothing).wait()
  }

  func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
  func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }
  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appendingPathComponent(name))) }
  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  /// Whether `openssl` takes the signature.
  func verifies(_ signature: [UInt8], over bytes: [UInt8], publicPEM: String, isEdwards: Bool) throws -> Bool {
    try write(signature, "sig")
    try write(bytes, "message")
    try write(publicPEM, "public.pem")
    let status =
      if isEdwards {
        try run("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "message", "-sigfile", "sig")
      } else {
        try run("dgst", "-sha256", "-verify", "public.pem", "-signature", "sig", "message")
      }
    return status == 0
  }
}
