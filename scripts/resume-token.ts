/**
 * The token that an interrupted run prints. It is short enough to be copied by hand, and says itself
 * whether it was copied whole.
 */
import { createHash } from 'node:crypto';
import { UsageError } from './exit-code.ts';

/** The run that a token names. */
export interface ResumePoint {
  readonly fabric: string;
  readonly runId: string;
}

const FORM = /^pf1\.([A-Za-z0-9_-]+)\.([0-9a-f]{8})$/;

/** `pf1.<base64url of JSON>.<first 8 hex digits of its SHA-256>` */
export function resumeToken({ fabric, runId }: ResumePoint): string {
  const body = Buffer.from(JSON.stringify({ fabric, runId })).toString('base64url');
  return `pf1.${body}.${checksum(body)}`;
}

/** Reads a token; null for text that is no token at all. Throws UsageError for a damaged one. */
export function readResumeToken(text: string): ResumePoint | null {
  if (!text.startsWith('pf1.')) return null;
  const [, body, sum] = FORM.exec(text) ?? [];
  const point = body === undefined || checksum(body) !== sum ? null : decode(body);
  if (point === null) {
    throw new UsageError(
      'This resume token is damaged: its checksum does not match. Copy the whole of it, from "pf1." on, or give the run id.',
    );
  }
  return point;
}

function decode(body: string): ResumePoint | null {
  try {
    const { fabric, runId } = JSON.parse(Buffer.from(body, 'base64url').toString()) as ResumePoint;
    return typeof fabric === 'string' && typeof runId === 'string' ? { fabric, runId } : null;
  } catch {
    return null;
  }
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 8);
}
