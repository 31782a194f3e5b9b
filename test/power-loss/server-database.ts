/** The Temporal server's own database as SQLite finds it, with its write-ahead log. */
import sqlite from 'node-sqlite3-wasm';

/**
 * How many events each workflow run has, by run id. The file is changed by it as by any start after a loss of power.
 * Throws where SQLite finds the database damaged.
 */
export function eventsByRun(file: string): Map<string, number> {
  const database = new sqlite.Database(file);
  try {
    // Without shared memory a write-ahead log is read only so.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const found = database.all('PRAGMA integrity_check');
    if (found.length !== 1 || found[0]!['integrity_check'] !== 'ok') {
      throw new Error(`${file}: ${JSON.stringify(found)}`);
    }
    const runs = database.all('SELECT hex(run_id) AS run, next_event_id AS next FROM executions');
    return new Map(runs.map(({ run, next }) => [uuid(run as string), Number(next) - 1]));
  } finally {
    database.close();
  }
}

function uuid(hex: string): string {
  return hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
