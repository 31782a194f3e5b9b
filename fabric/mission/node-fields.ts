/**
 * What a node says of itself, wherever it says it: in a mission, in a file of its own, as it registers, in a
 * command of the owner.
 */
import { RANGES, label, number, skills, whole } from './fields.ts';

/** What a node offers, each field without a default. */
export const offerFields = {
  skills: skills(),
  slots: whole(RANGES.slots),
  pricePerJob: number(RANGES.pricePerJob),
  image: label(),
  runtime: label(),
  tags: skills(),
};

/** What a change of a node may hold. */
export const changeFields = {
  skills: offerFields.skills.optional(),
  slots: offerFields.slots.optional(),
  pricePerJob: offerFields.pricePerJob.optional(),
  image: offerFields.image.optional(),
  runtime: offerFields.runtime.optional(),
  tags: offerFields.tags.optional(),
};

export const changeExpected = `at least one of ${Object.keys(changeFields).join(', ')}`;

export function changesSomething(change: object): boolean {
  return Object.keys(changeFields).some((key) => Object.hasOwn(change, key));
}

/** What a node offers where its author leaves something out. */
export const offerDefaults = {
  skills: offerFields.skills.default([]).describe('What it can do. Default none.'),
  slots: offerFields.slots
    .default(2)
    .describe('Leases that it works on at the same time. Default 2.'),
  pricePerJob: offerFields.pricePerJob.default(0).describe('What it asks for one job. Default 0.'),
  image: offerFields.image
    .default('none')
    .describe('Container image, or "none" for a plain process.'),
  runtime: offerFields.runtime.default('node').describe('What runs it. Default node.'),
  tags: offerFields.tags.default([]).describe('Marks such as compliance profiles. Default none.'),
};
