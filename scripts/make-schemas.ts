/**
 * Writes the JSON Schemas in `config/schemas/` from the zod schemas that the fabric itself checks by,
 * so that the two can't differ; a test fails when they do. After a build:
 * `node dist/scripts/make-schemas.js`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { nodeFileSchema } from '../fabric/mission/node-file.ts';
import { missionSchema } from '../fabric/mission/schema.ts';
import { reportSchema } from '../reporting/schema.ts';
import { packageFolder } from './mission/mission-file.ts';

/** Every generated schema: its path from the package's folder, and what it is made from. */
export const SCHEMAS: readonly { readonly path: string; readonly schema: z.ZodType }[] = [
  { path: 'config/schemas/mission.schema.json', schema: missionSchema },
  { path: 'config/schemas/node.schema.json', schema: nodeFileSchema },
  { path: 'config/schemas/report.schema.json', schema: reportSchema },
];

/** The text of a schema file. It describes the file as written, so fields with a default are optional. */
export function schemaText(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }), null, 2)}\n`;
}

/** Writes all of them below the package's folder. */
export function writeSchemas(folder: string): void {
  for (const { path, schema } of SCHEMAS) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, schemaText(schema));
  }
}

if (process.argv[1] === import.meta.filename) writeSchemas(packageFolder());
