// A printed command must work when it is typed as it stands, however this command line was called.
import { expect, test } from 'vitest';
import { commandName, resumeCommand } from '../../scripts/command-name.ts';

const bin = '/opt/fabric/bin/planetary-fabric';
const ours = { npm_lifecycle_event: 'start', npm_package_name: 'planetary-orchestrator-fabric' };

test.each([
  [
    'npm start in a checkout',
    { ...ours, npm_command: 'start' },
    bin,
    '/opt/fabric',
    'npm start --',
  ],
  ['npx', { npm_command: 'exec' }, bin, '/srv', 'npx planetary-fabric'],
  [
    "a script of somebody's own package",
    { ...ours, npm_package_name: 'mine', npm_command: 'start' },
    bin,
    '/srv',
    'npx planetary-fabric',
  ],
  ['PATH', { PATH: '/bin:/opt/fabric/bin' }, bin, '/srv', 'planetary-fabric'],
  ['a path below the folder', { PATH: '/bin' }, bin, '/opt/fabric', './bin/planetary-fabric'],
  ['a path elsewhere', { PATH: '/bin' }, bin, '/srv', bin],
  ["somebody's own program", { PATH: '/bin' }, '/srv/app.js', '/srv', 'planetary-fabric'],
])('called by %s', (_, env, script, folder, name) => {
  expect(commandName(env, script, folder)).toBe(name);
});

test('the way back to a run is a whole command', () => {
  expect(resumeCommand({ fabric: 'f', runId: 'r' })).toMatch(/ resume pf1\.[\w-]+\.[0-9a-f]{8}$/);
});
