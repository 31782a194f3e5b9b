// docker-compose.yml starts in order, listens on this machine only, keeps its data, and names files
// that exist. No container runs here: what needs one is checked by reading.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DYNAMIC_CONFIG } from '../../engine/server-arguments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Service {
  image: string;
  ports?: string[];
  volumes?: string[];
  restart: string;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  environment: Record<string, string>;
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), {
  merge: true,
}) as Compose;
const services = Object.entries(compose.services);
const ONE_SHOT = ['temporal-schema', 'temporal-namespace'];
const bindMounts = services.flatMap(([, service]) =>
  (service.volumes ?? []).filter((volume) => volume.startsWith('./')),
);

describe('the compose file', () => {
  test('has the database, the server with its two set-up steps, and the Web UI', () => {
    expect(services.map(([name]) => name).sort()).toEqual([
      'postgresql',
      'temporal',
      'temporal-namespace',
      'temporal-schema',
      'temporal-ui',
    ]);
  });

  test.each(services)('pins the image of %s to a version', (_name, service) => {
    expect(service.image).toMatch(/^[\w./-]+:\d+(\.\d+)+$/);
  });

  test.each(services)('publishes ports of %s on the loopback address only', (_name, service) => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('publishes the server and the Web UI, and not the database', () => {
    const published = services.filter(([, service]) => service.ports).map(([name]) => name);
    expect(published.sort()).toEqual(['temporal', 'temporal-ui']);
  });

  test.each(services)('lets %s wait for what it needs', (_name, service) => {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const expected = ONE_SHOT.includes(needed)
        ? 'service_completed_successfully'
        : 'service_healthy';
      expect(condition, needed).toBe(expected);
      if (condition === 'service_healthy') {
        expect(compose.services[needed]?.healthcheck?.test[0]).toBe('CMD');
      }
    }
  });

  test('starts in the order database, schema, server, namespace', () => {
    const needs = (name: string): string[] => Object.keys(compose.services[name]?.depends_on ?? {});
    expect(needs('temporal-schema')).toEqual(['postgresql']);
    expect(needs('temporal').sort()).toEqual(['postgresql', 'temporal-schema']);
    expect(needs('temporal-namespace')).toEqual(['temporal']);
    expect(needs('temporal-ui')).toEqual(['temporal']);
  });

  test('ends the set-up steps for good and restarts the others', () => {
    for (const [name, service] of services) {
      expect(service.restart, name).toBe(
        ONE_SHOT.includes(name) ? 'on-failure:5' : 'unless-stopped',
      );
    }
  });

  test('keeps the database in a named volume', () => {
    expect(Object.keys(compose.volumes)).toEqual(['postgresql-data']);
    expect(compose.services['postgresql']?.volumes).toEqual([
      'postgresql-data:/var/lib/postgresql/data',
    ]);
  });

  test('gives the schema step and the server the same database', () => {
    const database = ({ environment }: Service): unknown[] =>
      ['DB', 'DB_PORT', 'POSTGRES_SEEDS', 'POSTGRES_USER'].map((name) => environment[name]);
    const { 'temporal-schema': schema, temporal } = compose.services;
    expect(schema && database(schema)).toEqual(['postgres12', '5432', 'postgresql', 'temporal']);
    expect(temporal && database(temporal)).toEqual(schema && database(schema));
  });

  test('mounts files that exist, read-only', () => {
    expect(bindMounts.length).toBe(3);
    for (const mount of bindMounts) {
      const [source = '', , mode] = mount.split(':');
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(mode, source).toBe('ro');
    }
  });

  test.each(['setup-schema.sh', 'create-namespace.sh'])(
    'runs %s, which is sound shell',
    (script) => {
      const path = join(root, 'config', 'temporal', script);
      expect(spawnSync('sh', ['-n', path]).status).toBe(0);
      expect(readFileSync(path, 'utf8')).toContain('set -eu');
    },
  );

  test('gives the server the settings that the fabric was measured with', () => {
    const settings = parse(
      readFileSync(join(root, 'config', 'temporal', 'dynamic-config.yaml'), 'utf8'),
    ) as Record<string, { value: unknown }[]>;
    // The embedded server's are JSON on a command line, and these the same in YAML.
    const embedded = DYNAMIC_CONFIG.map((setting) => setting.split('=') as [string, string]);
    expect(settings).toEqual(
      Object.fromEntries(
        embedded.map(([key, value]) => [key, [{ value: JSON.parse(value) as unknown }]]),
      ),
    );
    const mounted = bindMounts
      .find((mount) => mount.includes('dynamic-config.yaml'))
      ?.split(':')[1];
    expect(compose.services['temporal']?.environment['DYNAMIC_CONFIG_FILE_PATH']).toBe(mounted);
  });
});
