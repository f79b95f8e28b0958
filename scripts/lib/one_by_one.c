/* Inserts rows one by one with synchronous=FULL, for the seconds given, and prints how many a second: what SQLite itself can
 * acknowledge on this disk. Usage: one_by_one FILE SECONDS */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  sqlite3 *db;
  sqlite3_stmt *insert;
  const char *schema =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS v (resource INTEGER, at INTEGER, arrival "
      "INTEGER, value TEXT, PRIMARY KEY (resource, at, arrival)) WITHOUT ROWID;";
  if (sqlite3_open(arguments[1], &db) || sqlite3_exec(db, schema, 0, 0, 0)) return 1;
  if (sqlite3_prepare_v2(db, "INSERT INTO v VALUES (?, ?, ?, '23.5')", -1, &insert, 0)) return 1;
  double seconds = atof(arguments[2]), start = now(), end = start + seconds;
  long rows = 0;
  while (now() < end) {
    sqlite3_bind_int64(insert, 1, rows % 1000);
    sqlite3_bind_int64(insert, 2, (sqlite3_int64)(now() * 1000));
    sqlite3_bind_int64(insert, 3, (sqlite3_int64)(now() * 1e9));
    if (sqlite3_step(insert) != SQLITE_DONE) return 1;
    sqlite3_reset(insert);
    rows++;
  }
  printf("%.1f\n", rows / (now() - start));
  return 0;
}
