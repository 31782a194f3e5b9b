/** An audit in plain words: one line a check with what was counted, and the first failures of each. */
import { FINDINGS_KEPT_MAX, type Finding } from './findings.ts';
import type { Audit, AuditedCheck } from './verify-run.ts';

/** The lines that `audit verify` prints. */
export function auditLines({ checks, closed, held, outcomeDigest }: Audit): string[] {
  const failed = checks.filter((check) => !check.held).length;
  const open = closed
    ? []
    : [
        'The run is not closed: what needs its end, such as an outcome for every job, was not asked.',
      ];
  const verdict = held
    ? `All ${checks.length} checks hold.`
    : `${failed} of ${checks.length} checks failed.`;
  return [...checks.flatMap(checkLines), ...open, `outcome digest ${outcomeDigest}`, verdict];
}

function checkLines({ name, title, counted, held, failures, shown }: AuditedCheck): string[] {
  const label = /^I\d$/.test(name) ? `${name} ${title}` : title;
  if (held) return [`✓ ${label}: ${counted}, held throughout`];
  const more = failures - shown.length;
  return [
    `✗ ${label}: ${counted}, ${failures === 1 ? '1 failure' : `${failures.toLocaleString('en-US')} failures`}`,
    ...shown.map(findingLine),
    ...(more > 0
      ? [`    and ${more.toLocaleString('en-US')} more than the first ${FINDINGS_KEPT_MAX}`]
      : []),
  ];
}

function findingLine({ at, what }: Finding): string {
  return at === null ? `    ${what}` : `    ${at.chain}, entry ${at.seq}: ${what}`;
}
