/** The leaves that the report's schema is made of, each with what it means. */
import { z } from 'zod';

/** A whole number that is counted. */
export const count = (meaning: string) => z.int().min(0).describe(meaning);

/** A number that is measured or added up, never negative. */
export const amount = (meaning: string) => z.number().min(0).describe(meaning);

/** A share from 0 to 1. */
export const ratio = (meaning: string) => z.number().min(0).max(1).describe(meaning);

/** A point in time, as `2026-01-31T12:00:00.000Z`. */
export const instant = (meaning: string) => z.iso.datetime().describe(meaning);

export const digest = (meaning: string) =>
  z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .describe(meaning);

export const words = () => z.string();
