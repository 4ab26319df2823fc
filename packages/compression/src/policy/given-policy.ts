import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeIssues, messageOf, TersorError, type PrunePlan, type RunIdentity } from '@tersor/core';
import { z } from 'zod';
import type { Policy } from '../results/pipeline-types.js';

/** A policy that is carried out instead of a search. */
export interface GivenPolicy {
  readonly policy: Policy;
  /** Where it comes from, in words or as a path, for messages and `summary.json`. */
  readonly source: string;
  /** SHA-256 of it as JSON, hexadecimal. */
  readonly sha256: string;
  /** Parameters of each layer of the network that it was made for; absent where nothing tells. */
  readonly madeFor?: Readonly<Record<string, number>>;
  /** What it was found with, by content; absent where nothing tells. */
  readonly foundWith?: Pick<RunIdentity, 'model' | 'dataset'>;
}

const index = z.int().min(0);
const step = z.looseObject({
  pruner: z.string(),
  group: z.string(),
  keep: z.array(index).min(1).optional(),
  zeroSlices: z.array(z.strictObject({ layer: z.string(), slices: z.array(index) })).optional(),
  removeLayers: z.array(z.string()).optional(),
});
const policySchema = z.strictObject({
  prune: z.array(step).optional().describe('The plan of stage 1.'),
  pruneRounds: z.array(z.array(step)).min(1).optional().describe('The plans of the rounds of stage 1.'),
  quantize: z.record(z.string(), z.int().min(1).max(8)).optional().describe('The bit width of each layer.'),
  activations: z
    .record(z.string(), z.strictObject({ bits: z.int().min(2).max(8), least: z.number(), most: z.number() }))
    .optional(),
});
const layersSchema = z.array(
  z.looseObject({ layer: z.string(), original: z.looseObject({ parameters: z.number() }) }),
);
const identitySchema = z.looseObject({
  identity: z.looseObject({
    model: z.looseObject({ topology: z.string(), weights: z.string() }),
    dataset: z.string(),
  }),
});

/**
 * Reads the `policy.json` of a compression. What `layers.json` and `summary.json` beside it say of the
 * original network and the data is taken along, if they are there. Throws `POLICY_INVALID`, with the place,
 * for a file that is missing or is not a policy.
 */
export async function readPolicy(path: string): Promise<GivenPolicy> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw invalid(`There is no policy at ${path} (${messageOf(cause)}).`, cause);
  }
  const policy = parsePolicy(text, path);
  const madeFor = await originalLayers(join(dirname(path), 'layers.json'));
  const foundWith = await inputsOf(join(dirname(path), 'summary.json'));
  return { ...givenPolicy(policy, path), ...(madeFor && { madeFor }), ...(foundWith && { foundWith }) };
}

/** A policy that is not from a file. */
export function givenPolicy(policy: Policy, source: string): GivenPolicy {
  return { policy, source, sha256: createHash('sha256').update(JSON.stringify(policy)).digest('hex') };
}

/** The plans of stage 1, one for each round; none without a stage 1. */
export function plansOf({ prune, pruneRounds }: Policy): readonly PrunePlan[] {
  return pruneRounds ?? (prune ? [prune] : []);
}

function parsePolicy(text: string, path: string): Policy {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid(`${path} is not JSON: ${messageOf(cause)}.`, cause);
  }
  const parsed = policySchema.safeParse(json);
  if (!parsed.success)
    throw invalid(`${path} is not a policy: ${describeIssues(parsed.error.issues, policySchema).join(' ')}`);
  const { prune, pruneRounds, quantize, activations } = parsed.data;
  if (prune && pruneRounds) throw invalid(`${path} has both "prune" and "pruneRounds".`);
  if (!prune && !pruneRounds && !quantize)
    throw invalid(`${path} has nothing to carry out: neither "prune", "pruneRounds" nor "quantize".`);
  if (activations && !quantize) throw invalid(`${path} has "activations" without "quantize".`);
  const range = Object.entries(activations ?? {}).find(([, { least, most }]) => !(least <= 0 && most >= 0));
  if (range)
    throw invalid(
      `${path}: activations.${range[0]} must hold 0, but goes from ${range[1].least} to ${range[1].most}.`,
    );
  // As it was read: what is written again then has the same keys in the same order.
  return json as Policy;
}

async function originalLayers(path: string): Promise<Record<string, number> | undefined> {
  try {
    const layers = layersSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return Object.fromEntries(layers.map(({ layer, original }) => [layer, original.parameters]));
  } catch {
    // A policy may have come alone.
    return undefined;
  }
}

async function inputsOf(path: string): Promise<GivenPolicy['foundWith']> {
  const json: unknown = await readFile(path, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  const { model, dataset } = identitySchema.safeParse(json).data?.identity ?? {};
  return model && dataset !== undefined ? { model, dataset } : undefined;
}

function invalid(message: string, cause?: unknown): TersorError {
  return new TersorError('POLICY_INVALID', message, {
    cause,
    hint: 'Give the policy.json that `tersor compress` wrote.',
  });
}
