/**
 * `planetary-fabric nodes …`: who works for the fabric, and the owner's word on single nodes: in, what one
 * offers, no new work, no work at all after a while, out altogether, or back in.
 */
import type { Command } from 'commander';
import { RANGES } from '../fabric/mission/fields.ts';
import { grouped } from '../fabric/mission/problems.ts';
import type { FabricStatus } from '../workflows/protocol.ts';
import type { CommandContext } from './command-context.ts';
import { whySilent } from './disk-room.ts';
import { EXIT } from './exit-code.ts';
import { lookAt } from './fabric-access.ts';
import { addNodeOf, updateNodeOf } from './nodes-add.ts';
import { fabricOption, jsonOption } from './options.ts';
import { carryOut, inRange, ownerVerb, type OwnerOptions } from './owner-command.ts';
import { plainTable } from './plain-table.ts';
import { say } from './place.ts';

const EXAMPLES = `
Examples:
  planetary-fabric nodes
  planetary-fabric nodes add digger.json
  planetary-fabric nodes update digger-change.json
  planetary-fabric nodes cordon luna-node-1 --reason "maintenance at noon"
  planetary-fabric nodes drain luna-node-1 --within 60
  planetary-fabric nodes uncordon luna-node-1

A file to add holds id, shard and what a mission's nodes have (config/schemas/node.schema.json). One to update
holds the id and at least one of skills, slots, pricePerJob, image, runtime and tags.
A cordoned node gets nothing new and ends what it holds. A drained one has nothing left: what it has not
ended in time is given to others. A removed one is out until it is uncordoned and registers again.`;

/** Adds the `nodes` commands. */
export function addNodes(program: Command, context: CommandContext): void {
  const nodes = program
    .command('nodes')
    .summary('list nodes; add, change, cordon, uncordon, drain or remove one')
    .description('List the nodes of a running fabric, bring one in, or say which are given work.')
    .addHelpText('after', EXAMPLES);

  const list = nodes.command('list', { isDefault: true }).description('every node and how it does');
  jsonOption(fabricOption(list)).action((options: OwnerOptions) => listNodes(context, options));

  ownerVerb(nodes, 'add <file>', 'bring in the node of a file, in a process of its own').action(
    (file: string, options: OwnerOptions) => addNodeOf(context, file, options),
  );
  ownerVerb(nodes, 'update <file>', 'change what a node offers').action(
    (file: string, options: OwnerOptions) => updateNodeOf(context, file, options),
  );
  ownerVerb(nodes, 'cordon <id>', 'give it nothing new').action(
    (id: string, options: OwnerOptions) =>
      carryOut(context, options, null, (to, how) => to.cordonNode(id, how)),
  );
  ownerVerb(nodes, 'uncordon <id>', 'let it be given work again').action(
    (id: string, options: OwnerOptions) =>
      carryOut(context, options, null, (to, how) => to.uncordonNode(id, how)),
  );
  ownerVerb(nodes, 'drain <id>', 'give it nothing new, and what it has not ended to others')
    .option('--within <seconds>', 'how long it may take to end what it holds (default: 30)')
    .action((id: string, options: OwnerOptions & { readonly within?: string }) => {
      const seconds =
        options.within === undefined
          ? undefined
          : inRange(options.within, 'the time to drain', RANGES.drainSeconds, 'a number');
      return carryOut(context, options, null, (to, how) => to.drainNode(id, seconds, how));
    });
  ownerVerb(nodes, 'remove <id>', 'take it out; what it held is given to others at once').action(
    (id: string, options: OwnerOptions) =>
      carryOut(context, options, null, (to, how) => to.removeNode(id, how)),
  );
}

async function listNodes(context: CommandContext, options: OwnerOptions): Promise<void> {
  const { out } = context.place;
  const access = await context.accessFabric(options.fabric);
  try {
    const status = await lookAt(access);
    if (status === null) {
      const why = await whySilent(access, context.place);
      say(out, `The server of "${access.fabric}" answers, but ${why}.`);
      return context.endWith(EXIT.failed);
    }
    const nodes = Object.values(status.shards).flatMap((shard) => shard.nodes);
    if (options.json === true) say(out, JSON.stringify(nodes, null, 2));
    else for (const line of nodeLines(status)) say(out, line);
    context.endWith(EXIT.done);
  } finally {
    await access.close();
  }
}

/** A table of all nodes, by shard and id. */
export function nodeLines({ shards }: Pick<FabricStatus, 'shards'>): string[] {
  const rows = Object.values(shards).flatMap(({ shard, nodes }) =>
    nodes.map((node) => [
      node.id,
      shard,
      node.state,
      String(node.leases),
      grouped(node.completed),
      grouped(node.failed),
      `${Math.round(node.health * 100)}%`,
      node.spec.skills.join(' '),
    ]),
  );
  if (rows.length === 0) return ['No node has registered yet.'];
  const head = ['node', 'shard', 'state', 'leases', 'done', 'failed', 'health', 'skills'];
  return plainTable(head, rows, (column) => column >= 3 && column <= 6);
}
