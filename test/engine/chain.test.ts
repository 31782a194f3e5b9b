/** The walk over a chain, on links that do nothing real. */
import { expect, it } from 'vitest';
import type { Finding, Link } from '../../engine/chain.ts';
import { probeChain, walkChain } from '../../engine/chain.ts';
import { NoEngineError } from '../../engine/errors.ts';
import type { EngineProvision } from '../../engine/resolve.ts';
import { engineLinks, resolveEngine } from '../../engine/resolve.ts';
import { timeSkippingLinks } from '../../engine/time-skipping.ts';

const found: Finding = { state: 'found', detail: 'there' };
const absent: Finding = { state: 'absent', why: 'not there' };

function fakeLink(name: string, finding: Finding, fails?: string): Link<EngineProvision> {
  return {
    name,
    probe: () => Promise.resolve(finding),
    provide: () =>
      fails === undefined
        ? Promise.resolve({ kind: 'executable', executable: name })
        : Promise.reject(new Error(fails)),
  };
}

it('the engine is looked for in the order of the contract', () => {
  expect(engineLinks({}, {}).map((link) => link.name)).toEqual([
    'address or profile',
    'executable',
    'PATH',
    'cache',
    'SDK download',
    'Go build',
  ]);
  expect(timeSkippingLinks({}).map((link) => link.name)).toEqual([
    'executable',
    'cache',
    'SDK download',
    'Python wheel',
  ]);
});

it('the first link that provides is taken, and later ones are not asked', async () => {
  const walk = await walkChain(
    [fakeLink('a', absent), fakeLink('b', found), fakeLink('c', found)],
    () => undefined,
  );
  expect(walk.taken).toBe('b');
  expect(walk.said.map((report) => report.name)).toEqual(['a', 'b']);
});

it('a link that fails to provide is told and passed over', async () => {
  const lines: string[] = [];
  const walk = await walkChain([fakeLink('a', found, 'broken off'), fakeLink('b', found)], (line) =>
    lines.push(line),
  );
  expect(walk.taken).toBe('b');
  expect(lines).toEqual(['a: broken off']);
});

it('an explicit wish that cannot be met ends the walk', async () => {
  const refused: Finding = { state: 'refused', why: 'you named a file that is not there' };
  const walk = await walkChain([fakeLink('a', refused), fakeLink('b', found)], () => undefined);
  expect(walk.taken).toBeNull();
});

it('probing asks every link and provides nothing', async () => {
  const reports = await probeChain([fakeLink('a', found, 'must not run'), fakeLink('b', absent)]);
  expect(reports).toEqual([
    { name: 'a', finding: found },
    { name: 'b', finding: absent },
  ]);
});

it('one line says which link was taken and why', async () => {
  const lines: string[] = [];
  const links = [fakeLink('cache', found)];
  const { line } = await resolveEngine({ links, progress: (said) => lines.push(said) });
  expect(line).toBe('engine: embedded Temporal server, executable from cache: there');
  expect(lines).toEqual([line]);
});

it('no engine is an error with exit code 3, what every link said and three ways to mend it', async () => {
  const links = [fakeLink('PATH', absent), fakeLink('Go build', found, 'go install ended with 1')];
  const error: unknown = await resolveEngine({ links }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NoEngineError);
  expect(error).toMatchObject({ name: 'NoEngineError', exitCode: 3 });
  expect((error as Error).message.split('\n').map((line) => line.trim())).toEqual([
    'No Temporal server could be found or provided.',
    'PATH: not there',
    'Go build: go install ended with 1',
    'Three ways to mend it:',
    expect.stringMatching(/^1\. .*TEMPORAL_ADDRESS/),
    expect.stringMatching(/^2\. .*TEMPORAL_CLI_PATH/),
    expect.stringMatching(/^3\. .*Go 1\.21/),
  ]);
});
