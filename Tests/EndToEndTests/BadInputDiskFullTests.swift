import Cryptography
import Domain
import Foundation
import TestSupport
import Testing

/// A store on a file system that has no space left, against the real program.
@Suite(
  .serialized,
  .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root and a kernel that allows it"))
struct BadInputDiskFullTests {
  /// Waits for the space of what was refused: it is back once the server has let go of the file, which may be a moment after its
  /// answer.
  private func isBack(_ free: Int, on disk: SmallDisk) async throws {
    try await eventually("the space is back") { disk.freeBytes > free - 500_000 }
  }

  @Test func anImageThatDoesNotFitLeavesNothingBehind() async throws {
    let disk = try SmallDisk(megabytes: 8)
    try await withServer(store: disk.path + "/store") { server in
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      try await desk.release(imageBytes(100_000, seed: 31), mcu: "u", version: "1", sequence: 1)
      let token = try await desk.activateThings(1)[0]
      let large = imageBytes(12 << 20, seed: 32)
      let free = disk.freeBytes
      for isChunked in [false, true] {
        let answer = try await server.operate("PUT", "/api/v1/images/sha256:\(large.sha256)", large, isChunked: isChunked)
        expectProblem(answer, 507, "disk-full")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/store/staging").isEmpty)
        #expect(try await desk.poll(token).json?["firmwares"]?.elements?.count == 1)
        try await isBack(free, on: disk)
      }
      let probe = try await server.operate("HEAD", "/api/v1/images/sha256:\(large.sha256)")
      #expect(probe.status == 404)
      #expect(probe["upload-offset"] == "0")
      // By the command line: one line that says what to do, and exit code 1.
      let folder = try TemporaryFolder()
      let file = try folder.write(Data(large), to: "large.bin")
      let key = try folder.write(Data(try desk.key.pem().utf8), to: "key.pem")
      chmod(key, 0o600)
      let upload = try await server.command(
        "upload", file, "--model", "m", "--mcu", "u", "--version", "2", "--key", key, "--json")
      #expect(upload.status == 1)
      #expect(upload.output.isEmpty)
      #expect(upload.errors.contains("space"), "\(upload.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/store/staging").isEmpty)
      // What fits is still taken.
      try await isBack(free, on: disk)
      try await desk.release(imageBytes(200_000, seed: 33), mcu: "u", version: "2", sequence: 2)
    }
  }

  @Test func rowsThatDoNotFitAreWrittenWhollyOrNotAtAllAndPollsGoOn() async throws {
    let disk = try SmallDisk(megabytes: 8)
    try await withServer(store: disk.path + "/store") { server in
      let desk = try await EngineersDesk(server, model: "m", mcus: ["u"])
      let firmware = try await desk.release(imageBytes(100_000, seed: 34), mcu: "u", version: "1.0.0", sequence: 1)
      let token = try await desk.activateThings(1)[0]
      let made = try await server.operate("POST", "/api/v1/codes", json: "{\"model\":\"m\",\"count\":1}")
      let code = try #require(made.json?["codes"]?.elements?.first?["code"]?.text)
      let waiting = imageBytes(1000, seed: 35)
      try await desk.store(waiting)
      try disk.fill()

      // Rows go on fitting for as long as the log has room; then every write is refused.
      var models: Set<String> = ["m"]
      for number in 0..<400 {
        let answer = try await server.operate("POST", "/api/v1/models", json: "{\"name\":\"n\(number)\",\"mcus\":[\"u\"]}")
        if answer.status == 201 {
          models.insert("n\(number)")
          continue
        }
        expectProblem(answer, 507, "disk-full")
        break
      }
      #expect(models.count < 400)
      let many = try await server.operate("POST", "/api/v1/codes", json: "{\"model\":\"m\",\"count\":10000}")
      expectProblem(many, 507, "disk-full")
      let activation = try await server.exchange("POST", "/v2/things", "{\"activationCode\":\"\(code)\"}")
      expectThingError(activation, 507)
      let report = try await server.exchange("POST", "/v2/things/\(token)", Self.report("1.0.0"))
      expectThingError(report, 507)
      let manifest = ManifestText(
        mcu: "u", model: "m", sequence: 2, sha256: waiting.sha256, size: waiting.count, version: "1.0.1")
      expectProblem(try await desk.register(try manifest.envelope(signedBy: desk.key)), 507, "disk-full")
      let image = imageBytes(100_000, seed: 36)
      expectProblem(try await server.operate("PUT", "/api/v1/images/sha256:\(image.sha256)", image), 507, "disk-full")

      // What needs no space is served.
      #expect(try await desk.poll(token).json?["firmwares"]?.elements?.first?["_id"]?.text == firmware)
      let download = try await server.exchange("GET", "/v2/things/\(token)/firmwares/download/\(firmware)")
      #expect(download.body == imageBytes(100_000, seed: 34))
      #expect(try await server.exchange("GET", "/readyz").status == 200)

      try disk.empty()
      // Nothing is half done, and everything that was refused now works.
      let listed = try await server.operate("GET", "/api/v1/models?limit=1000").json?["models"]?.elements
      #expect(Set(listed?.compactMap { $0["name"]?.text } ?? []) == models)
      #expect(try await server.operate("GET", "/api/v1/things").json?["things"]?.elements?.count == 1)
      #expect(try await server.operate("GET", "/api/v1/codes?limit=1000").json?["codes"]?.elements?.count == 2)
      #expect(try await server.operate("GET", "/api/v1/firmwares").json?["firmwares"]?.elements?.count == 1)
      let again = try await server.exchange("POST", "/v2/things", "{\"activationCode\":\"\(code)\"}")
      #expect(again.status == 201, "\(again.text)")
      #expect(try await server.exchange("POST", "/v2/things/\(token)", Self.report("1.0.0")).status == 201)
      #expect(try await desk.register(try manifest.envelope(signedBy: desk.key)).status == 201)
      #expect(try await server.operate("PUT", "/api/v1/images/sha256:\(image.sha256)", image).status == 201)
    }
  }

  private static func report(_ version: String) -> String {
    "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"mcu\":\"u\",\"version\":\"\(version)\",\"status\":\"downloading\"}}]}"
  }
}

/// A file system of a few megabytes in memory, mounted for as long as somebody holds it.
final class SmallDisk: Sendable {
  let path: String

  /// Whether this process may mount.
  static let isPossible = (try? SmallDisk(megabytes: 1)) != nil

  init(megabytes: Int) throws {
    path = NSTemporaryDirectory() + "firmament-disk-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
      let reason = String(cString: strerror(errno))
      try? FileManager.default.removeItem(atPath: path)
      throw RawConnection.Failure(description: "cannot mount: \(reason)")
    }
  }

  deinit {
    umount2(path, Int32(MNT_DETACH))
    rmdir(path)
  }

  var freeBytes: Int {
    var status = statvfs()
    return statvfs(path, &status) == 0 ? Int(status.f_bavail) * Int(status.f_frsize) : 0
  }

  /// Takes all the space that is left.
  func fill() throws {
    let file = open(path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw RawConnection.Failure(description: "cannot fill: \(String(cString: strerror(errno)))") }
    defer { close(file) }
    let block = [UInt8](repeating: 7, count: 4096)
    while write(file, block, block.count) == block.count {}
    guard errno == ENOSPC else { throw RawConnection.Failure(description: "cannot fill: \(String(cString: strerror(errno)))") }
  }

  /// Gives the space back.
  func empty() throws { try FileManager.default.removeItem(atPath: path + "/filler") }
}
