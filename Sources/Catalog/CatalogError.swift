import GRDB

/// Why the catalog refused a change or could not make it.
public struct CatalogError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// A row of that name exists already.
    case exists
    /// No such row.
    case missing
    /// The thing is not the user's, or not any more.
    case notOwner
    /// The thing is retired.
    case retired
    /// There are as many rows of the kind as there may be.
    case full
    /// A value or an answer would have more bytes than is allowed.
    case tooLarge
    /// No space left for rows.
    case diskFull
    /// SQLite failed.
    case failed
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  /// What a database error means for a caller.
  static func from(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_FULL: return CatalogError(.diskFull, "no space left for the catalog")
    case .SQLITE_CONSTRAINT: return CatalogError(.exists, error.message ?? "a rule of the schema was broken")
    default: return CatalogError(.failed, error.message ?? "SQLite failed with \(error.resultCode)")
    }
  }
}
