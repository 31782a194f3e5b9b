import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMission } from '../../fabric/mission/check.ts';
import { problemLines, sample, warningLines } from './sample.ts';

const shards = (parts: object) => sample({ shards: { earth: {}, luna: {}, ...parts } });
const node = (parts: object) => sample({ nodes: [{ id: 'a', shard: 'earth', ...parts }] });
const feed = (parts: object) => sample({ feeds: [{ id: 'f', shard: 'earth', ...parts }] });
const synthetic = { type: 'synthetic', blueprints: [{ kind: 'box', count: 1 }] };
const timeline = (entry: object) => sample({ timeline: [entry] });

test('a good mission has no problem and no warning', () => {
  expect(problemLines(sample())).toEqual([]);
  expect(warningLines(sample())).toEqual([]);
});

test('defaults are filled in', () => {
  const checked = checkMission(sample());
  expect(checked).toMatchObject({
    ok: true,
    mission: {
      seed: 1,
      mode: 'mission',
      timeScale: 1,
      policy: { tickMs: 1000, attemptsMax: 3, unmatchedSkills: 'refuse' },
      shards: { luna: { spillTargets: [], latencyBudgetMs: 60000 } },
      nodes: [{ slots: 2, image: 'none', adapter: { type: 'simulated', speed: 1 } }, {}],
      feeds: [],
      gates: {},
      presentation: null,
    },
  });
});

const KEYS_OF_SHARD = 'spilloverLimit, spillTargets, latencyBudgetMs, position';
const NAME_WORDS =
  'a name of small letters, digits and hyphens that starts with a letter, at most 40 long';

const BAD: readonly [title: string, mission: unknown, line: string][] = [
  [
    'a negative limit',
    shards({ luna: { spilloverLimit: -5 } }),
    'shards.luna.spilloverLimit: found -5; expected a whole number from 0 to 10,000,000',
  ],
  [
    'a fraction for a limit',
    shards({ luna: { spilloverLimit: 1.5 } }),
    'shards.luna.spilloverLimit: found 1.5; expected a whole number from 0 to 10,000,000',
  ],
  [
    'an infinite number',
    JSON.parse(JSON.stringify(shards({ luna: { spilloverLimit: 1 } })).replace(':1}', ':1e999}')),
    'shards.luna.spilloverLimit: found Infinity; expected a whole number from 0 to 10,000,000',
  ],
  [
    'NaN',
    shards({ luna: { latencyBudgetMs: Number.NaN } }),
    'shards.luna.latencyBudgetMs: found NaN; expected a whole number from 1 to 604,800,000',
  ],
  [
    'a wrong type',
    shards({ luna: { spilloverLimit: '10' } }),
    'shards.luna.spilloverLimit: found "10"; expected a whole number from 0 to 10,000,000',
  ],
  [
    'an unknown key in a shard',
    shards({ luna: { spillLimit: 1 } }),
    `shards.luna.spillLimit: found an unknown key; expected one of ${KEYS_OF_SHARD}`,
  ],
  [
    'an unknown shard as a spill target',
    shards({ luna: { spillTargets: ['pluto'] } }),
    'shards.luna.spillTargets[0]: found "pluto"; expected one of the mission\'s shards: earth, luna',
  ],
  [
    'a shard that sheds to itself',
    shards({ luna: { spillTargets: ['luna'] } }),
    'shards.luna.spillTargets[0]: found the shard itself, "luna"; expected another shard',
  ],
  [
    'a spill target named twice',
    shards({ luna: { spillTargets: ['earth', 'earth'] } }),
    'shards.luna.spillTargets[1]: found "earth" a second time; expected every target once',
  ],
  [
    'a shard off the map without a position',
    shards({ depot: {} }),
    'shards.depot.position: found nothing; expected { "xKm", "yKm", "zKm" }, since this shard is none of the five regions',
  ],
  [
    'a shard whose name is a path',
    shards({ '../etc': {} }),
    `shards["../etc"]: found the name "../etc"; expected ${NAME_WORDS}`,
  ],
  [
    "a shard named like the orchestrator's ledger",
    shards({ orchestrator: { position: { xKm: 1, yKm: 1, zKm: 1 } } }),
    'shards.orchestrator: found a reserved name; expected another name',
  ],
  ['no shard', sample({ shards: {} }), 'shards: found 0 shards; expected 1 to 32'],
  [
    'two nodes of one id',
    sample({
      nodes: [
        { id: 'a', shard: 'earth' },
        { id: 'a', shard: 'luna' },
      ],
    }),
    'nodes[1].id: found "a", taken by nodes[0]; expected an id of its own',
  ],
  [
    'a node with the id of a counted one',
    sample({
      nodes: [
        { id: 'a', shard: 'earth', count: 3 },
        { id: 'a-2', shard: 'luna' },
      ],
    }),
    'nodes[1].id: found "a-2", taken by nodes[0]; expected an id of its own',
  ],
  [
    'a node on an unknown shard',
    node({ shard: 'mars' }),
    'nodes[0].shard: found "mars"; expected one of the mission\'s shards: earth, luna',
  ],
  [
    'too many nodes on a shard',
    sample({
      nodes: [
        { id: 'a', shard: 'earth', count: 64 },
        { id: 'b', shard: 'earth' },
      ],
    }),
    'nodes[1]: found 65 nodes on "earth"; expected at most 64 a shard',
  ],
  [
    'an adapter of an unknown type',
    node({ adapter: { type: 'robot' } }),
    'nodes[0].adapter.type: found "robot"; expected one of "simulated", "agent", "command"',
  ],
  [
    'an agent adapter without its agent',
    node({ adapter: { type: 'agent' } }),
    'nodes[0].adapter.agent: found nothing; expected a word of letters, digits and " ._:/@+-", at most 128 long',
  ],
  [
    'a command without a word',
    node({ adapter: { type: 'command', command: [] } }),
    'nodes[0].adapter.command: found an empty list; expected at least 1 entries',
  ],
  [
    'a command with an odd variable',
    node({ adapter: { type: 'command', command: ['node'], env: { 'A-B': '1' } } }),
    'nodes[0].adapter.env.A-B: found the name "A-B"; expected the name of an environment variable',
  ],
  [
    'a command that may take longer than a lease leaves it',
    node({ adapter: { type: 'command', command: ['node'], timeoutMs: 30_000 } }),
    'nodes[0].adapter.timeoutMs: found 30,000; expected at most 24,000, which policy.leaseTimeoutMs, 60,000, leaves the last job of a lease',
  ],
  [
    'two feeds of one id',
    sample({
      feeds: [
        { id: 'f', shard: 'earth', source: synthetic },
        { id: 'f', shard: 'luna', source: synthetic },
      ],
    }),
    'feeds[1].id: found "f", taken by feeds[0]; expected an id of its own',
  ],
  [
    "a feed with the id of the mission's own blueprints",
    feed({ id: 'earth-blueprints', source: synthetic }),
    'feeds[0].id: found "earth-blueprints", taken by the mission\'s own blueprints; expected an id of its own',
  ],
  [
    'simulated jobs at event times',
    feed({ source: synthetic, arrivals: { mode: 'event-time' } }),
    'feeds[0].arrivals.mode: found "event-time"; expected at-once or rate: simulated jobs have no times of their own',
  ],
  [
    'a feed of an unknown type',
    feed({ source: { type: 'http', path: 'x' } }),
    'feeds[0].source.type: found "http"; expected one of "synthetic", "ndjson", "geojson"',
  ],
  [
    'a rate without its number',
    feed({ source: synthetic, arrivals: { mode: 'rate' } }),
    'feeds[0].arrivals.perSecond: found nothing; expected a number from 0.001 to 10,000,000',
  ],
  [
    'a blueprint of an unknown shard',
    sample({ blueprints: [{ shard: 'mars', kind: 'box', count: 1 }] }),
    'blueprints[0].shard: found "mars"; expected one of the mission\'s shards: earth, luna',
  ],
  [
    'a failure rate above 1',
    sample({ blueprints: [{ shard: 'earth', kind: 'box', count: 1, failureRate: 2 }] }),
    'blueprints[0].failureRate: found 2; expected a number from 0 to 1',
  ],
  [
    'more simulated jobs than a feed may hold',
    sample({
      blueprints: [
        { shard: 'earth', kind: 'a', count: 6_000_000 },
        { shard: 'earth', kind: 'b', count: 6_000_000 },
      ],
    }),
    'blueprints: found 12,000,000 jobs; expected at most 10,000,000 jobs together',
  ],
  [
    'an unknown command',
    timeline({ at: 5, command: 'selfDestruct', args: {} }),
    'timeline[0].command: found "selfDestruct"; expected one of "pauseAll", "resumeAll", "pauseShard", "resumeShard", "updateSpilloverLimit", "updateLatencyBudget", "setTickInterval", "checkpoint", "submitJobs"',
  ],
  [
    'a command without its arguments',
    timeline({ at: 5, command: 'pauseShard' }),
    'timeline[0].args: found nothing; expected an object',
  ],
  [
    'a command with an argument too many',
    timeline({ at: 5, command: 'pauseAll', args: { shard: 'luna' } }),
    'timeline[0].args.shard: found an unknown key; expected no key at all',
  ],
  [
    'a command to an unknown shard',
    timeline({ at: 5, command: 'pauseShard', args: { shard: 'pluto' } }),
    'timeline[0].args.shard: found "pluto"; expected one of the mission\'s shards: earth, luna',
  ],
  [
    'a command with an absurd number',
    timeline({ at: 5, command: 'updateSpilloverLimit', args: { shard: 'luna', limit: 1e12 } }),
    'timeline[0].args.limit: found 1000000000000; expected a whole number from 0 to 10,000,000',
  ],
  [
    'a command that is never due',
    timeline({ command: 'pauseAll' }),
    'timeline[0]: found neither "at" nor "outcomes"; expected one of the two',
  ],
  [
    'a command that is due twice',
    timeline({ at: 0, outcomes: 5, command: 'pauseAll' }),
    'timeline[0]: found both "at" and "outcomes"; expected one of the two',
  ],
  [
    'a time in words',
    timeline({ at: 'soon', command: 'pauseAll' }),
    'timeline[0].at: found "soon"; expected a time such as "2s", "500ms" or "1.5m", or a number of ms, 30 days at the most',
  ],
  [
    'a time beyond thirty days',
    timeline({ at: '1000h', command: 'pauseAll' }),
    'timeline[0].at: found "1000h"; expected 30 days at the most',
  ],
  [
    'a lease that times out before it should end',
    sample({ policy: { leaseTargetMs: 5000, leaseTimeoutMs: 5000 } }),
    'policy.leaseTimeoutMs: found 5,000; expected more than leaseTargetMs, 5,000',
  ],
  [
    'no node at all',
    sample({ nodes: [] }),
    'nodes: found no nodes; expected at least one node; without any, no job is done',
  ],
  [
    'no job at all',
    sample({ blueprints: [] }),
    'feeds: found no jobs; expected a feed, a blueprint, or "mode": "service"',
  ],
  [
    'jobs that would wait for ever',
    sample({
      policy: { unmatchedSkills: 'wait' },
      blueprints: [{ shard: 'luna', kind: 'box', count: 1, skills: ['lift'] }],
    }),
    'blueprints[0]: found jobs that need "lift"; expected a node with all of these skills on luna; they would wait for ever',
  ],
  [
    'an unknown gate',
    sample({ gates: { speed: 1 } }),
    'gates.speed: found an unknown key; expected one of failureRate, completionRatio, overBudgetRatio, durationMs',
  ],
  ['a list in place of a mission', [], 'found an empty list; expected an object'],
  ['nothing in place of a mission', null, 'found null; expected an object'],
];

test.each(BAD)(
  '%s is refused with its place, what was found and what was expected',
  (...[, mission, line]) => {
    expect(problemLines(mission)).toEqual([line]);
  },
);

test('every problem of a mission is told at once', () => {
  const mission = sample({
    seed: -1,
    nodes: [{ id: 'A', shard: 'earth', slots: 0 }],
    colour: 'red',
  });
  expect(problemLines(mission).map((line) => line.split(':')[0])).toEqual([
    'seed',
    'nodes[0].id',
    'nodes[0].slots',
    'colour',
  ]);
});

describe('reserved keys', () => {
  test.each([
    ['{"__proto__":{"scenario":"x"}}', '__proto__'],
    ['{"shards":{"__proto__":{}}}', 'shards.__proto__'],
    ['{"nodes":[{"constructor":1}]}', 'nodes[0].constructor'],
    ['{"policy":{"prototype":null}}', 'policy.prototype'],
  ])('%s is refused', (text, path) => {
    expect(problemLines(JSON.parse(text))).toEqual([
      `${path}: found a reserved key; expected another name`,
    ]);
  });

  test('a reserved word is no name either', () => {
    const lines = problemLines(node({ id: 'constructor' }));
    expect(lines).toEqual([`nodes[0].id: found "constructor"; expected ${NAME_WORDS}`]);
  });

  test('nesting without end is refused', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as unknown;
    expect(problemLines(deep)[0]).toContain('found more nesting; expected at most 32 levels');
  });
});

test('text of the file can not rewrite the terminal', () => {
  const [line] = problemLines(sample({ 'a\u001b[2J\n\u202e': 1 }));
  expect(line).toMatch(/^\["a\\u001b\[2J\\n\\u202e"\]: found an unknown key/);
});

test('jobs that nobody in reach can do are warned of where they would be refused', () => {
  const mission = sample({
    blueprints: [{ shard: 'luna', kind: 'box', count: 1, skills: ['lift'] }],
  });
  expect(warningLines(mission)).toEqual([
    'blueprints[0]: found jobs that need "lift"; expected a node with all of these skills on luna; as it is, they will be refused',
  ]);
});

test('a node on a spill target is in reach', () => {
  const mission = sample({
    nodes: [{ id: 'luna-a', shard: 'luna', skills: ['lift'] }],
    blueprints: [{ shard: 'earth', kind: 'box', count: 1, skills: ['lift'] }],
  });
  expect(warningLines(mission)).toEqual([]);
});

test('a service may start with neither nodes nor jobs', () => {
  const mission = sample({ mode: 'service', nodes: [], blueprints: [] });
  expect(warningLines(mission)).toEqual([
    'nodes: found no nodes; expected at least one node; without any, no job is done',
  ]);
});

test('a remark may stand in every object', () => {
  const mission = sample({
    $comment: 'x',
    policy: { $comment: 'x' },
    gates: { $comment: 'x' },
    nodes: [
      { $comment: 'x', id: 'a', shard: 'earth', adapter: { $comment: 'x', type: 'simulated' } },
    ],
    timeline: [{ $comment: 'x', at: '1.5s', command: 'pauseAll' }],
  });
  expect(problemLines(mission)).toEqual([]);
});

describe('whatever it is handed, the check answers', () => {
  test('for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        for (const line of problemLines(value)) expect(line).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 1000 },
    );
  });

  test('for a good mission with any part replaced by any JSON', () => {
    const key = fc.constantFrom(...Object.keys(sample()), 'policy', 'feeds', 'timeline', 'gates');
    const part = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.array(
        fc.dictionary(fc.constantFrom('id', 'shard', 'source', 'type', 'at'), fc.jsonValue()),
      ),
    );
    fc.assert(
      fc.property(key, part, (name, value) => {
        const checked = checkMission(sample({ [name]: value }));
        if (!checked.ok) expect(checked.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});
