import GRDB

/// The schema's history. A shipped migration is never edited; a new one is added below the last. They are written in the
/// dialect that SQLite 3.40 and PostgreSQL 15 share wherever possible, and know none of the program's types.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("0001 main job", migrate: MainJob.migrate)
    migrator.registerMigration("0002 time series", migrate: TimeSeries.migrate)
    migrator.registerMigration("0003 people", migrate: People.migrate)
    migrator.registerMigration("0004 rollouts", migrate: Deliveries.migrate)
    migrator.registerMigration("0005 operators", migrate: Operators.migrate)
    migrator.registerMigration("0006 webhooks", migrate: EventsAndWebhooks.migrate)
    migrator.registerMigration("0007 image digests", migrate: ImageDigests.migrate)
    migrator.registerMigration("0008 device doors", migrate: DeviceDoors.migrate)
    migrator.registerMigration("0009 claimed", migrate: ClaimedState.migrate)
    migrator.registerMigration("0010 controllers", migrate: Controllers.migrate)
    migrator.registerMigration("0011 operator sessions", migrate: OperatorSessions.migrate)
    migrator.registerMigration("0012 version samples", migrate: VersionSamples.migrate)
    migrator.registerMigration("0013 thing history", migrate: ThingHistory.migrate)
    return migrator
  }
}
