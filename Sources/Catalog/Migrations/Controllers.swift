import GRDB

/// 0010: devices that come by the DDI door, and what they are told of rollouts.
enum Controllers {
  static func migrate(_ db: Database) throws { try db.execute(sql: tables) }

  // AUTOINCREMENT: the number of an action is never given again.
  private static let tables = """
    CREATE TABLE controller (
      controllerId TEXT NOT NULL PRIMARY KEY CHECK (length(controllerId) BETWEEN 1 AND 256),
      modelId BIGINT NOT NULL REFERENCES model (id),
      thingId BIGINT UNIQUE REFERENCES thing (id),
      boundBy TEXT NOT NULL DEFAULT 'gateway' CHECK (boundBy IN ('gateway', 'target', 'operator')),
      createdAt BIGINT NOT NULL,
      asksAttributes INTEGER NOT NULL DEFAULT 1 CHECK (asksAttributes IN (0, 1)),
      attributes TEXT NOT NULL DEFAULT '{}',
      autoConfirm TEXT
    );
    CREATE INDEX controllerWaiting ON controller (controllerId) WHERE thingId IS NULL;
    CREATE INDEX controllerWaitingOfModel ON controller (modelId) WHERE thingId IS NULL;
    CREATE TABLE deviceAction (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      thingId BIGINT NOT NULL REFERENCES thing (id),
      rolloutId BIGINT NOT NULL REFERENCES rollout (id),
      createdAt BIGINT NOT NULL,
      cancellation TEXT NOT NULL CHECK (cancellation IN ('none', 'asked', 'rejected')),
      toldToSkip INTEGER NOT NULL DEFAULT 0 CHECK (toldToSkip IN (0, 1)),
      askedAt BIGINT,
      closedAt BIGINT,
      outcome TEXT CHECK (outcome IN ('finished', 'failed', 'declined', 'cancelled', 'skipped')),
      finalReport TEXT,
      reports INTEGER NOT NULL DEFAULT 0,
      CHECK ((closedAt IS NULL) = (outcome IS NULL))
    );
    CREATE INDEX deviceActionByThing ON deviceAction (thingId, id);
    CREATE INDEX deviceActionAsked ON deviceAction (askedAt) WHERE cancellation = 'asked' AND closedAt IS NULL;
    CREATE UNIQUE INDEX deviceActionOpen ON deviceAction (thingId, rolloutId) WHERE closedAt IS NULL;
    CREATE INDEX deviceActionReported ON deviceAction (closedAt) WHERE closedAt IS NOT NULL AND reports > 0;
    CREATE TABLE actionReport (
      id INTEGER PRIMARY KEY,
      actionId BIGINT NOT NULL REFERENCES deviceAction (id),
      at BIGINT NOT NULL,
      execution TEXT NOT NULL,
      finished TEXT NOT NULL,
      code BIGINT,
      messages TEXT NOT NULL
    );
    CREATE INDEX actionReportByAction ON actionReport (actionId, id);
    """
}
