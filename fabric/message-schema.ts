/**
 * Messages between the fabric's workflows, checked as they come in. A workflow takes its mail by a signal,
 * and a signal can be sent by any hand that reaches the server: what has not the form of a message is
 * refused on the record, and never reaches code that would throw on it again and again.
 */
import { z } from 'zod';
import type { CutPart } from './checkpoint/cut.ts';
import type { JobBody, TravellingSlice } from './job.ts';
import { LIMITS } from './limits.ts';
import type {
  CommandAnswer,
  CutReport,
  LoadReport,
  Message,
  NodeReport,
  Offload,
  ShardCommand,
  Tally,
  Transfer,
  TransferAck,
} from './messages.ts';
import { NODE_LIVES, SHARD_COMMANDS } from './messages.ts';
import { name, RANGES } from './mission/fields.ts';
import { changeFields } from './mission/node-fields.ts';
import { isOrdinals, type Ordinals } from './ordinals.ts';
import type { NodeSpec, ShardPolicy } from './policy.ts';

// zod's compiled parsers need `new Function`, which a workflow's sandbox does not have.
z.config({ jitless: true });

/** The whole message, or null for anything else. Keys that no receiver knows are dropped. */
export function parseMessage(input: unknown): Message | null {
  const parsed = message.safeParse(input);
  return parsed.success ? (parsed.data as Message) : null;
}

/** A shard or a node: what becomes a key somewhere, so it must not be one that every object has. */
const known = name();
const word = z.string().max(1_000);
const text = z.string().max(10_000);
/** So that no message can raise the epoch to where it can't rise any more. */
const EPOCH_MAX = 1_000_000_000;
const words = z.array(word);
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const whole = count.int();
const ordinals = z.custom<Ordinals>((value) => Array.isArray(value) && isOrdinals(value));
const skillSets = z.array(words);
const refusals = z.array(z.object({ id: word, because: text }));

/** An object with a schema for every field that the type has: one added there is missed here. */
const shape = <T>(fields: Readonly<Record<keyof T, z.ZodType>>) => z.object(fields);

const body = shape<JobBody>({ id: word, kind: word, payload: z.json().default(null) });

const slice = shape<TravellingSlice>({
  kind: word,
  skills: words,
  priority: count,
  latencyBudgetMs: count.nullable(),
  value: count,
  estimateMs: count.nullable(),
  feed: word,
  origin: word,
  attempt: whole.min(1),
  hops: whole,
  avoidNode: word.nullable(),
  arrivedAtMs: count,
  page: word.nullable(),
  ordinals,
  bodies: z.array(body).optional(),
});

const transfer = shape<Transfer>({
  no: whole.min(1),
  from: known,
  to: known,
  plan: whole,
  sentAtMs: count,
  slices: z.array(slice).max(LIMITS.transferClassesMax),
});

const ack = shape<TransferAck>({
  target: known,
  upTo: whole,
  beyond: z.array(whole),
  refused: z.array(whole),
});

const offload = shape<Offload>({
  plan: whole.min(1),
  to: known,
  jobs: whole.min(1),
  floor: whole,
  targetSkills: skillSets,
  strandedOnly: z.boolean(),
});

const submitted = z.object({
  id: word,
  kind: word,
  payload: z.json().default(null),
  shard: word.optional(),
  skills: words,
  priority: count,
  value: count,
  latencyBudgetMs: count.nullable(),
  estimateMs: count.nullable(),
});

const command = shape<ShardCommand>({
  commandId: word,
  name: word,
  args: z.object({
    limit: z.int().min(RANGES.spilloverLimit.min).max(RANGES.spilloverLimit.max).optional(),
    ms: z.int().min(RANGES.latencyBudgetMs.min).max(RANGES.latencyBudgetMs.max).optional(),
    seconds: z.number().min(0).max(RANGES.drainSeconds.max).optional(),
    node: known.optional(),
    // What the owner says of a node becomes the shard's own word of it.
    ...changeFields,
    jobs: z.array(submitted).max(LIMITS.submitBatchJobsMax).optional(),
  }),
  by: word,
  reason: text,
  via: word,
});

/** What the orchestrator relays; what a hand has sent to a shard may have any name. */
const relayed = z.enum(SHARD_COMMANDS);

const answer = shape<CommandAnswer>({
  commandId: word,
  shard: known,
  outcome: z.enum(['applied', 'refused']),
  because: text.optional(),
  effect: text,
  appliedAtMs: count,
  afterSeq: whole,
  running: z.array(z.object({ lease: whole, node: word, jobs: whole })).optional(),
  accepted: words.optional(),
  refused: refusals.optional(),
});

const tally = shape<Tally>({
  accepted: count,
  refused: count,
  completed: count,
  failed: count,
  cancelled: count,
  retried: count,
  spilledIn: count,
  spilledOut: count,
  lateAnswers: count,
  leasesGranted: count,
  leasesLost: count,
  valueAccepted: count,
  valueRefused: count,
  valueCompleted: count,
  valueFailed: count,
  valueCancelled: count,
  cost: count,
});

const nodeSpec = shape<NodeSpec>({
  id: word,
  shard: word,
  skills: words,
  slots: whole,
  pricePerJob: count,
  image: word,
  runtime: word,
  tags: words,
});

const node = shape<NodeReport>({
  id: word,
  shard: word,
  state: z.enum(NODE_LIVES),
  incarnation: whole,
  slots: whole,
  leases: whole,
  completed: whole,
  failed: whole,
  leasesLost: whole,
  cost: count,
  serviceMs: count.nullable(),
  health: count,
  lastHeartbeatAtMs: count,
  spec: nodeSpec,
});

const policy = shape<ShardPolicy>({
  spilloverLimit: count,
  spillTargets: words,
  latencyBudgetMs: count,
});

const load = shape<LoadReport>({
  shard: known,
  seq: whole,
  atMs: count,
  queued: whole,
  queuedMax: whole,
  leased: whole,
  inTransit: whole,
  submitted: whole,
  tally,
  spillovers: z.record(known, whole),
  nodes: z.array(node).max(LIMITS.nodesPerShardMax),
  jobsPerSecond: count,
  paused: z.boolean(),
  policy,
  planSeen: whole,
  outgoing: z.record(known, whole),
  shedding: whole,
  demand: z.array(z.object({ skills: words, jobs: whole, stranded: z.boolean() })),
  unpulled: whole,
  skillSets,
  latencyMs: shape<LoadReport['latencyMs']>({
    p50: count,
    p95: count,
    p99: count,
    overBudget: whole,
  }),
  idle: z.boolean(),
  closed: z.boolean(),
  ledger: z.object({ entries: whole, head: word }),
  problem: text.nullable(),
  direct: z.array(z.object({ command, answer })).max(LIMITS.directCommandsKept),
});

const cutReport = shape<CutReport>({
  shard: known,
  epoch: whole,
  part: shape<CutPart>({ bytes: whole, sha256: word }).nullable(),
  why: text,
});

const letter = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('transfer'),
    body: z.object({ transfer, settledUpTo: whole }),
  }),
  z.object({ kind: z.literal('ack'), body: ack }),
  z.object({ kind: z.literal('load'), body: load }),
  z.object({ kind: z.literal('offload'), body: offload }),
  z.object({ kind: z.literal('command'), body: z.object({ ...command.shape, name: relayed }) }),
  z.object({ kind: z.literal('answer'), body: answer }),
  z.object({ kind: z.literal('ask') }),
  z.object({ kind: z.literal('close') }),
  z.object({ kind: z.literal('cut') }),
  z.object({ kind: z.literal('cutEnded'), body: cutReport }),
]);

const message = letter.and(z.object({ epoch: whole.max(EPOCH_MAX).default(0) }));
