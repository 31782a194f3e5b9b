/**
 * `engine.json` in the state folder: which embedded server runs on this project's database. Other
 * commands find it there, and a later start tells from it whether that server still lives.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameProcess } from './process-identity.ts';

/** One running (or once running) embedded server. Times are ISO 8601; identities come from the system. */
export interface EngineRecord {
  readonly schema: 'planetary-fabric/engine@1';
  readonly pid: number;
  readonly identity: string;
  readonly watchdogPid: number | null;
  readonly watchdogIdentity: string | null;
  readonly startedAt: string;
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  readonly serverVersion: string;
  readonly executable: string;
  readonly dbFile: string;
  readonly logFile: string;
  readonly keepAlive: boolean;
}

const recordFile = (stateDir: string): string => join(stateDir, 'engine.json');

/** The record, or null when there is none or it can't be read as one. */
export async function readRecord(stateDir: string): Promise<EngineRecord | null> {
  try {
    const record = JSON.parse(await readFile(recordFile(stateDir), 'utf8')) as EngineRecord;
    return record.schema === 'planetary-fabric/engine@1' ? record : null;
  } catch {
    return null;
  }
}

/** Writes the record in one step: a reader sees the old one or the new one, never half of one. */
export async function writeRecord(stateDir: string, record: EngineRecord): Promise<void> {
  const beside = `${recordFile(stateDir)}.${randomUUID()}`;
  await writeFile(beside, `${JSON.stringify(record, null, 2)}\n`);
  await rename(beside, recordFile(stateDir));
}

/** Removes the record if it is still this server's. */
export async function dropRecord(stateDir: string, pid: number, identity: string): Promise<void> {
  const record = await readRecord(stateDir);
  if (record?.pid === pid && record.identity === identity) {
    await rm(recordFile(stateDir), { force: true });
  }
}

/**
 * Where the recorded server stands. `gone`: its process ended, or the id is another process's now.
 * `orphaned`: it runs, but the watchdog that should end it was killed, so nobody would stop it.
 */
export async function recordedState(
  record: EngineRecord,
): Promise<'running' | 'orphaned' | 'gone'> {
  if (!(await isSameProcess(record.pid, record.identity))) return 'gone';
  if (record.watchdogPid === null || record.watchdogIdentity === null) return 'running';
  const watched = await isSameProcess(record.watchdogPid, record.watchdogIdentity);
  return watched ? 'running' : 'orphaned';
}
