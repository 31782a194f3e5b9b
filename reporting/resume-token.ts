/**
 * The token that names a run, and the checkpoint that it can be rebuilt from. It stands in a shell as it is
 * and says itself whether it was copied whole.
 */
import { createHash } from 'node:crypto';

/** What a token names. */
export interface ResumePoint {
  readonly fabric: string;
  readonly runId: string;
  readonly checkpoint?: {
    readonly epoch: number;
    /** Digest of its file. */
    readonly sha256: string;
    /** Events in the history of each workflow when its snapshot was taken, by workflow id. */
    readonly positions: Readonly<Record<string, number>>;
  };
}

const FORM = /^pf1\.([A-Za-z0-9_-]+)\.([0-9a-f]{8})$/;

/** `pf1.<base64url of JSON>.<first 8 hex digits of its SHA-256>` */
export function resumeToken({ fabric, runId, checkpoint }: ResumePoint): string {
  const point = { fabric, runId, ...(checkpoint === undefined ? {} : { checkpoint }) };
  const body = Buffer.from(JSON.stringify(point)).toString('base64url');
  return `pf1.${body}.${checksum(body)}`;
}

/** Reads a token; null for text that is none at all, and `damaged` for one that was not copied whole. */
export function readResumeToken(text: string): ResumePoint | 'damaged' | null {
  if (!text.startsWith('pf1.')) return null;
  const [, body, sum] = FORM.exec(text) ?? [];
  return body === undefined || checksum(body) !== sum ? 'damaged' : decode(body);
}

function decode(body: string): ResumePoint | 'damaged' {
  try {
    const point = JSON.parse(Buffer.from(body, 'base64url').toString()) as ResumePoint;
    const { fabric, runId } = point;
    return typeof fabric === 'string' && typeof runId === 'string' ? point : 'damaged';
  } catch {
    return 'damaged';
  }
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 8);
}
