import { expect, test } from 'vitest';
import { reportPage } from '../../reporting/page.ts';
import { verdictLines } from '../../reporting/verdict.ts';
import { built, sampleRun } from './sample-run.ts';

const FILES = { json: 'sample.json', csv: null };

async function page(change: (sample: ReturnType<typeof sampleRun>) => void): Promise<string> {
  const sample = sampleRun();
  change(sample);
  const { report, firstPage } = await built(sample);
  return reportPage(report, firstPage, FILES);
}

test('the page fetches nothing and runs nothing', async () => {
  const text = await page(() => undefined);
  expect(text).toContain("default-src 'none'");
  expect(text).not.toMatch(/<script|<link|<img|url\(|@import/);
});

test('the words of owners, missions and nodes are escaped', async () => {
  const evil = '<script>alert("1")</script>';
  const text = await page((sample) => {
    sample.run = { ...sample.run, spec: { ...sample.run.spec, title: evil } };
    Object.assign(sample.run.result.governance.commands[0]!, {
      by: evil,
      reason: evil,
      args: { shard: evil },
    });
    Object.assign(sample.run.result.status.shards['edge']!.nodes[0]!.spec, { skills: [evil] });
  });
  expect(text).not.toContain('<script');
  expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
});

test('numbers of a thousand and more have separators', async () => {
  const text = await page(({ run }) => {
    Object.assign(run.result.status.shards['edge']!, { queuedMax: 1_234_567 });
  });
  expect(text).toContain('1,234,567');
});

test('every section of the head leads to one of the page', async () => {
  const text = await page(() => undefined);
  const links = [...text.matchAll(/href="#([a-z]+)"/g)].map(([, id]) => id);
  expect(links.length).toBeGreaterThan(8);
  for (const id of links) expect(text).toContain(`<section id="${id}"`);
});

test('contradictions stand on the page and in the verdict, the terminal kept whole', async () => {
  const sample = sampleRun();
  Object.assign(sample.run.result.status.totals, { completed: 9 });
  Object.assign(sample.run.result.status.shards['edge']!, { problem: 'feed boxes:\u001b[2J gone' });
  const { report, firstPage } = await built(sample);
  expect(reportPage(report, firstPage, FILES)).toContain('What does not add up');
  const lines = verdictLines(report, firstPage);
  expect(lines[0]).toMatch(/^FAILED: /);
  expect(lines.filter((line) => line.startsWith('! '))).toEqual([
    '! fabric: completed: the fabric says 9, its ledger adds up to 8',
    '! edge: feed boxes: [2J gone',
  ]);
  expect(lines.length).toBeLessThanOrEqual(6);
});

test('a page of a sound run says nothing of contradictions', async () => {
  expect(await page(() => undefined)).not.toContain('What does not add up');
});

test('a run that lost its ledger says so, on the page and in the terminal', async () => {
  const { report } = await built(sampleRun());
  const forkedFrom = { checkpoint: 7, sha256: `sha256:${'0'.repeat(64)}`, endedBefore: 1_200 };
  const said =
    'The ledger was lost, and the run went on from checkpoint 7: 1,200 jobs had ended by then and are counted, not listed';
  expect(verdictLines({ ...report, forkedFrom }, null).join('\n')).toContain(said);
  const text = reportPage({ ...report, forkedFrom }, null, FILES);
  expect(text).toContain(said);
  expect(text).toContain('Every job that was accepted since its ledger was lost has exactly one');
  expect(reportPage(report, null, FILES)).not.toContain('ledger was lost');
});
