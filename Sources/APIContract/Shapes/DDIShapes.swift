public import Domain

/// JSON of hawkBit's Direct Device Integration. Members are named as on the wire; what devices do not have to send is optional.
public struct DDILink: Codable, Sendable, Hashable {
  public let href: String

  public init(_ href: String) { self.href = href }
}

/// The answer to a poll.
public struct DDIPoll: Codable, Sendable {
  public struct Configuration: Codable, Sendable {
    public struct Polling: Codable, Sendable {
      /// `HH:MM:SS`.
      public let sleep: String

      public init(sleep: String) { self.sleep = sleep }
    }

    public let polling: Polling

    public init(polling: Polling) { self.polling = polling }
  }

  public struct Links: Codable, Sendable {
    public var deploymentBase: DDILink?
    public var cancelAction: DDILink?
    public var confirmationBase: DDILink?
    public var installedBase: DDILink?
    public var configData: DDILink?

    public init() {}
  }

  public let config: Configuration
  public let links: Links?

  public init(sleep: String, links: Links?) {
    config = Configuration(polling: .init(sleep: sleep))
    self.links = links
  }

  enum CodingKeys: String, CodingKey {
    case config
    case links = "_links"
  }
}

public struct DDIConfigData: Codable, Sendable {
  /// How it stands to what is known; `merge` by default.
  public let mode: AttributeMode?
  public let data: [String: String?]
}

public struct DDIFeedback: Codable, Sendable {
  public struct Status: Codable, Sendable {
    public struct Result: Codable, Sendable {
      public let finished: ActionReport.Finished
    }

    public let execution: ActionReport.Execution
    public let result: Result
    public let code: Int64?
    public let details: [String]?
  }

  public let status: Status
}

/// A file of a software module.
public struct DDIArtifact: Codable, Sendable {
  public struct Hashes: Codable, Sendable {
    public let sha1: String?
    public let md5: String?
    public let sha256: String

    public init(sha1: String?, md5: String?, sha256: String) {
      self.sha1 = sha1
      self.md5 = md5
      self.sha256 = sha256
    }
  }

  public struct Links: Codable, Sendable {
    public let download: DDILink
    public let downloadHTTP: DDILink
    public let md5sum: DDILink
    public let md5sumHTTP: DDILink

    public init(download: String, md5sum: String) {
      self.download = DDILink(download)
      downloadHTTP = DDILink(download)
      self.md5sum = DDILink(md5sum)
      md5sumHTTP = DDILink(md5sum)
    }

    enum CodingKeys: String, CodingKey {
      case download, md5sum
      case downloadHTTP = "download-http"
      case md5sumHTTP = "md5sum-http"
    }
  }

  public let filename: String
  public let hashes: Hashes
  public let size: Int64
  public let links: Links

  public init(filename: String, hashes: Hashes, size: Int64, links: Links) {
    self.filename = filename
    self.hashes = hashes
    self.size = size
    self.links = links
  }

  enum CodingKeys: String, CodingKey {
    case filename, hashes, size
    case links = "_links"
  }
}

/// What is to be done with which software modules.
public struct DDIHandling: Codable, Sendable {
  public struct Chunk: Codable, Sendable {
    public let part: String
    public let version: String
    public let name: String
    public let artifacts: [DDIArtifact]

    public init(part: String, version: String, name: String, artifacts: [DDIArtifact]) {
      self.part = part
      self.version = version
      self.name = name
      self.artifacts = artifacts
    }
  }

  /// `skip`, `attempt` or `forced`.
  public let download: String
  public let update: String
  /// `available` or `unavailable`.
  public let maintenanceWindow: String?
  public let chunks: [Chunk]

  public init(download: String, update: String, maintenanceWindow: String?, chunks: [Chunk]) {
    self.download = download
    self.update = update
    self.maintenanceWindow = maintenanceWindow
    self.chunks = chunks
  }
}

/// What a device said of an action, newest first.
public struct DDIHistory: Codable, Sendable {
  public let status: String
  public let messages: [String]

  public init(status: String, messages: [String]) {
    self.status = status
    self.messages = messages
  }
}

public struct DDIDeployment: Codable, Sendable {
  public let id: String
  public let deployment: DDIHandling
  public let actionHistory: DDIHistory?

  public init(id: String, deployment: DDIHandling, actionHistory: DDIHistory?) {
    self.id = id
    self.deployment = deployment
    self.actionHistory = actionHistory
  }
}

public struct DDIConfirmation: Codable, Sendable {
  public let id: String
  public let confirmation: DDIHandling
  public let actionHistory: DDIHistory?

  public init(id: String, confirmation: DDIHandling, actionHistory: DDIHistory?) {
    self.id = id
    self.confirmation = confirmation
    self.actionHistory = actionHistory
  }
}

public struct DDICancellation: Codable, Sendable {
  public struct Stop: Codable, Sendable {
    public let stopId: String

    public init(stopId: String) { self.stopId = stopId }
  }

  public let id: String
  public let cancelAction: Stop

  public init(id: String) {
    self.id = id
    cancelAction = Stop(stopId: id)
  }
}

public struct DDIInstalled: Codable, Sendable {
  public let name: String
  public let version: String
}

public struct DDIConfirmationState: Codable, Sendable {
  public struct Auto: Codable, Sendable {
    public let active: Bool
    public let initiator: String?
    public let remark: String?
    /// Milliseconds since 1970.
    public let activatedAt: Int64?

    public init(active: Bool, initiator: String?, remark: String?, activatedAt: Int64?) {
      self.active = active
      self.initiator = initiator
      self.remark = remark
      self.activatedAt = activatedAt
    }
  }

  public struct Links: Codable, Sendable {
    public let activateAutoConfirm: DDILink?
    public let deactivateAutoConfirm: DDILink?
    public let confirmationBase: DDILink?

    public init(activateAutoConfirm: DDILink?, deactivateAutoConfirm: DDILink?, confirmationBase: DDILink?) {
      self.activateAutoConfirm = activateAutoConfirm
      self.deactivateAutoConfirm = deactivateAutoConfirm
      self.confirmationBase = confirmationBase
    }
  }

  public let autoConfirm: Auto
  public let links: Links

  public init(autoConfirm: Auto, links: Links) {
    self.autoConfirm = autoConfirm
    self.links = links
  }

  enum CodingKeys: String, CodingKey {
    case autoConfirm
    case links = "_links"
  }
}

public struct DDIConfirmationFeedback: Codable, Sendable {
  public enum Answer: String, Codable, Sendable, CaseIterable { case confirmed, denied }

  public let confirmation: Answer
  public let code: Int64?
  public let details: [String]?
}

public struct DDIAutoConfirm: Codable, Sendable {
  public let initiator: String?
  public let remark: String?
}

/// An error in the form of hawkBit.
public struct DDIError: Codable, Sendable {
  public let exceptionClass: String
  public let errorCode: String
  public let message: String

  public init(exceptionClass: String, errorCode: String, message: String) {
    self.exceptionClass = exceptionClass
    self.errorCode = errorCode
    self.message = message
  }
}
