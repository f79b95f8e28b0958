import Domain

/// The conditional headers of one request, by RFC 9110 section 13. Several lines of one header stand joined by commas.
///
/// It decides from header texts and validators alone; reading the request and writing the 304 or 412 is the caller's.
struct Preconditions: Sendable {
  var ifMatch: String?
  var ifNoneMatch: String?
  var ifModifiedSince: String?
  var ifUnmodifiedSince: String?
  var ifRange: String?

  init(
    ifMatch: String? = nil, ifNoneMatch: String? = nil, ifModifiedSince: String? = nil, ifUnmodifiedSince: String? = nil,
    ifRange: String? = nil
  ) {
    self.ifMatch = ifMatch
    self.ifNoneMatch = ifNoneMatch
    self.ifModifiedSince = ifModifiedSince
    self.ifUnmodifiedSince = ifUnmodifiedSince
    self.ifRange = ifRange
  }

  /// What the representation says of itself now.
  struct Validators: Sendable {
    /// With its quotation marks, strong: `"sha256:…"`.
    var entityTag: String
    /// Compared in whole seconds, as it is printed.
    var lastModified: Timestamp?
  }

  enum Outcome: Equatable, Sendable {
    /// Go on; `honouringRange` is false when the Range header, if there is one, is to be ignored.
    case proceed(honouringRange: Bool)
    /// 304.
    case notModified
    /// 412.
    case preconditionFailed
  }

  /// Evaluates in the order of section 13.2.2. `isRead` is true for GET and HEAD, which get 304 where others get 412; `now` is
  /// for two-digit years in dates. A date that cannot be read is as good as none; an unreadable tag matches nothing.
  func evaluate(against current: Validators, isRead: Bool = true, now: Timestamp) -> Outcome {
    let tag = EntityTag(current.entityTag[...])
    if let ifMatch {
      guard matches(ifMatch, { candidate in tag.map(candidate.matchesStrongly) ?? false }) else { return .preconditionFailed }
    } else if let limit = time(ifUnmodifiedSince, now: now), let modified = current.lastModified {
      guard modified.seconds <= limit.seconds else { return .preconditionFailed }
    }
    if let ifNoneMatch {
      if matches(ifNoneMatch, { candidate in tag.map(candidate.matchesWeakly) ?? false }) {
        return isRead ? .notModified : .preconditionFailed
      }
    } else if isRead, let since = time(ifModifiedSince, now: now), let modified = current.lastModified {
      if modified.seconds <= since.seconds { return .notModified }
    }
    return .proceed(honouringRange: rangeStillApplies(to: current, tag: tag, now: now))
  }

  /// Section 13.1.5: without If-Range, or when what it names is exactly what there is now.
  private func rangeStillApplies(to current: Validators, tag: EntityTag?, now: Timestamp) -> Bool {
    guard let ifRange else { return true }
    if let asked = EntityTag(ifRange[...]) { return tag.map(asked.matchesStrongly) ?? false }
    guard let asked = time(ifRange, now: now), let modified = current.lastModified else { return false }
    return asked.seconds == modified.seconds
  }

  private func matches(_ header: String, _ isMatch: (EntityTag) -> Bool) -> Bool {
    if header == "*" { return true }
    return EntityTag.list(header)?.contains(where: isMatch) ?? false
  }

  private func time(_ header: String?, now: Timestamp) -> Timestamp? {
    header.flatMap { HTTPDate.parse($0, now: now) }
  }
}
