public import Domain

/// A thing as the rules see it, at one moment.
public struct ThingView: ThingState {
  public let standing: ThingStanding
  public let model: Model
  /// Nil where no rule of the model asks for any.
  public let facts: ThingFacts?
  public let now: Timestamp
  /// Whether it is the thing itself that asks now.
  public let isPresent: Bool

  public init(_ standing: ThingStanding, model: Model, facts: ThingFacts?, at now: Timestamp, isPresent: Bool) {
    self.standing = standing
    self.model = model
    self.facts = facts
    self.now = now
    self.isPresent = isPresent
  }

  public func running(_ mcuID: Int64) -> String? { standing.mcu(mcuID)?.running }

  public func value(of attribute: ThingAttribute) -> AttributeValue? {
    switch attribute {
    case .id: .text(standing.publicID)
    case .controllerID: facts?.controllerID.map(AttributeValue.text)
    case .model: .text(model.name)
    case .mcuVersion(let name): model.mcu(named: name).flatMap { running($0.id) }.map(AttributeValue.version)
    case .tag: .texts(facts?.tags ?? [])
    case .resource(let key): facts?.values[key].flatMap { AttributeValue(json: $0.value) }
    case .setting(let path): member(path, of: ResourceKey.settings)
    case .description(let path): member(path, of: ResourceKey.description)
    case .activatedAt: facts?.activatedAt.map(AttributeValue.time)
    case .lastSeen: isPresent ? .time(now) : facts?.lastSeenAt.map(AttributeValue.time)
    case .owner: facts?.owner.map(AttributeValue.text)
    case .linked: facts.map { .bool($0.owner != nil) }
    case .geo: facts?.values["$geo"].flatMap { GeographicPoint(geoJSON: $0.value) }.map(AttributeValue.point)
    case .age(let key):
      facts?.values[key].map { .number(max(0, Double(now.milliseconds - $0.datetime.milliseconds) / 1000)) }
    }
  }

  private func member(_ path: [String], of key: String) -> AttributeValue? {
    var value = facts?.values[key]?.value
    for name in path { value = value?[name] }
    return value.flatMap { AttributeValue(json: $0) }
  }
}

extension Expression {
  /// Which facts it needs to be answered.
  public var needs: FactNeeds {
    var needs = FactNeeds()
    for attribute in attributes {
      switch attribute {
      case .id, .model, .mcuVersion: break
      case .controllerID: needs.controllerID = true
      case .tag: needs.tags = true
      case .resource(let key), .age(let key): needs.keys.insert(key)
      case .setting: needs.keys.insert(ResourceKey.settings)
      case .description: needs.keys.insert(ResourceKey.description)
      case .geo: needs.keys.insert("$geo")
      case .owner, .linked: needs.owner = true
      case .activatedAt, .lastSeen: needs.times = true
      }
    }
    return needs
  }
}
