import APIContract
import Catalog
import FirmwareService
import HTTPAPI
import ImageStore
import NIOPosix

/// The check of a stopped store.
enum OfflineStore {
  /// - Throws: `CommandFailure` where there is no store, or a server runs on it.
  static func verify(directory: String) async throws -> VerificationShape {
    let folder = try StoreFolder(directory, create: false)
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    defer { pool.shutdownGracefully { _ in } }
    let background = BackgroundThreads(count: 1)
    defer { try? background.stop() }
    let catalog = try Catalog(path: folder.catalog)
    let images = try ImageStore(root: folder.path, pool: pool, background: background, largestImage: .max, hotBytes: 0)
    let report = try await StoreVerification.run(catalog: catalog, images: images)
    try catalog.close()
    return VerificationShape(report)
  }
}
