public import APIContract

/// A page of a list that the next page can be put behind.
public protocol PagedList: Decodable, Sendable {
  var next: PageCursor { get }

  /// Both pages' entries, with the later page's `next`.
  func followed(by page: Self) -> Self
}

extension ModelList: PagedList {
  public func followed(by page: Self) -> Self { Self(models: models + page.models, next: page.next) }
}

extension TrustedKeyList: PagedList {
  public func followed(by page: Self) -> Self { Self(keys: keys + page.keys, next: page.next) }
}

extension FirmwareList: PagedList {
  public func followed(by page: Self) -> Self { Self(firmwares: firmwares + page.firmwares, next: page.next) }
}

extension CodeList: PagedList {
  public func followed(by page: Self) -> Self { Self(codes: codes + page.codes, next: page.next) }
}

extension ThingList: PagedList {
  public func followed(by page: Self) -> Self { Self(things: things + page.things, next: page.next) }
}

extension ControllerList: PagedList {
  public func followed(by page: Self) -> Self { Self(controllers: controllers + page.controllers, next: page.next) }
}

extension AuditList: PagedList {
  public func followed(by page: Self) -> Self { Self(entries: entries + page.entries, next: page.next) }
}

extension AppList: PagedList {
  public func followed(by page: Self) -> Self { Self(apps: apps + page.apps, next: page.next) }
}

extension UserList: PagedList {
  public func followed(by page: Self) -> Self { Self(users: users + page.users, next: page.next) }
}

extension RolloutList: PagedList {
  public func followed(by page: Self) -> Self { Self(rollouts: rollouts + page.rollouts, next: page.next) }
}

extension RolloutThingList: PagedList {
  public func followed(by page: Self) -> Self { Self(things: things + page.things, next: page.next) }
}
