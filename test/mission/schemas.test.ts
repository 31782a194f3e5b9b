import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SCHEMAS, schemaText } from '../../scripts/make-schemas.ts';
import { packageFolder } from '../../scripts/mission/mission-file.ts';

test.each(SCHEMAS)('$path is what the code would write today', async ({ path, schema }) => {
  await expect(schemaText(schema)).toMatchFileSnapshot(join(packageFolder(), path));
});

test.each(SCHEMAS)('every field in $path says what it means', ({ schema }) => {
  const undescribed: string[] = [];
  walk(JSON.parse(schemaText(schema)), '', (path, node) => {
    if (node.description === undefined && node.$ref === undefined) undescribed.push(path);
  });
  expect(undescribed).toEqual([]);
});

interface SchemaNode {
  description?: string;
  $ref?: string;
  properties?: Record<string, SchemaNode>;
}

/** Visits every property of every object in a JSON Schema. */
function walk(value: unknown, path: string, visit: (path: string, node: SchemaNode) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const { properties } = value as SchemaNode;
  for (const [key, node] of Object.entries(properties ?? {})) visit(`${path}/${key}`, node);
  for (const [key, child] of Object.entries(value)) walk(child, `${path}/${key}`, visit);
}
