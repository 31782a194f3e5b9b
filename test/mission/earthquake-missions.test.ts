// Earthquakes of one's own: the mission that the package ships for them runs as it is, the way to
// today's that the README shows leads there, and the template sends nobody astray.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadMission } from '../../scripts/mission/load.ts';
import { packageFolder } from '../../scripts/mission/mission-file.ts';
import { simulateMission } from '../../scripts/simulate.ts';

const config = join(packageFolder(), 'config');
const shipped = join(config, 'todays-earthquakes.example.json');
const sample = join(config, 'feeds', 'usgs-sample.geojson');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earthquakes-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const load = (source: string) => loadMission(source, {}, { workingFolder: folder });

test('the mission for today’s earthquakes loads as it is, with the agent, the list and a sample', async () => {
  const { spec, warnings } = await load(shipped);
  expect(warnings).toEqual([]);
  expect(spec).toMatchObject({
    scenario: 'todays-earthquakes',
    presentation: 'earthquake-triage',
    feeds: [{ shard: 'edge', total: 12 }],
  });
  for (const { adapter } of spec.nodes) {
    expect(adapter).toMatchObject({ type: 'agent', agent: 'earthquake' });
  }
});

test('no job of it is refused for want of a skill', async () => {
  const { run, report } = await simulateMission((await load(shipped)).spec);
  expect(run.ended).toBe('closed');
  expect(report.jobs).toMatchObject({ submitted: 12, completed: 12, refused: 0 });
});

test('the commands of the README make it one for a file from USGS', async () => {
  const readme = readFileSync(join(packageFolder(), 'README.md'), 'utf8');
  const [, from, to, source, made] =
    /^sed 's:(\S+?):(\S+?):' config\/(\S+) > (\S+)$/m.exec(readme) ?? [];
  expect(source).toBe('todays-earthquakes.example.json');
  expect(readme).toContain(`summary/${to}\n`);
  expect(readme).toContain(`npm start -- --custom ${made}\n`);

  const text = readFileSync(shipped, 'utf8');
  expect(text.split(from!)).toHaveLength(2);
  writeFileSync(join(folder, made!), text.replace(from!, to!));
  copyFileSync(sample, join(folder, to!));
  const { spec } = await load(made!);
  expect(spec.feeds).toMatchObject([{ total: 12 }]);
});

test('the template for a mission of one’s own names it', () => {
  const template = readFileSync(join(config, 'custom-scenario.example.json'), 'utf8');
  expect(template).toContain('todays-earthquakes.example.json is a whole mission');
  expect(template).not.toContain('\\"geojson\\"');
});
