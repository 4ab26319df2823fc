import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  createHost,
  moduleContent,
  readManifest,
  TersorError,
  TOKENS,
  type CompressConfig,
  type Dataset,
  type Host,
  type ModelContent,
  type Plugin,
  type RunIdentity,
  type TrainConfig,
} from '@tersor/core';
import { builtinPlugins } from '../builtin-plugins.js';
import { slotsOfCompression } from '../config-slots.js';
import { readArtifacts } from '@tersor/network';
import { datasetFingerprint } from './dataset-fingerprint.js';

interface Wired {
  /** Folder that paths of the config are resolved against. */
  readonly directory: string;
  readonly host: Host;
  readonly dataset: Dataset;
}

/** Version of this Tersor. */
export const TERSOR_VERSION = readManifest(join(__dirname, '../..'))!.version!;

/**
 * The identity of a compression whose plugins are wired. Throws `MODEL_NOT_FOUND`, `MODEL_INVALID`,
 * `LATENCY_TABLE_INVALID` and what the data set throws.
 */
export async function compressionIdentity(
  config: CompressConfig,
  { directory, host, dataset }: Wired,
): Promise<RunIdentity> {
  const tables = [...(config.prune?.stages ?? []), ...(config.prune ? [config.prune.budget] : [])].flatMap(
    ({ latency }) => latency?.table ?? [],
  );
  return {
    tersor: TERSOR_VERSION,
    model: await modelContent(resolve(directory, config.model)),
    dataset: await datasetFingerprint(dataset),
    latencyTables: Object.fromEntries(
      await Promise.all(
        tables.map(async (path) => [path, await tableContent(resolve(directory, path))] as const),
      ),
    ),
    plugins: pluginVersions(host),
  };
}

/** The same of a training. Throws `MODEL_NOT_FOUND`, `MODEL_INVALID` and what the data set throws. */
export async function trainingIdentity(
  config: TrainConfig,
  { directory, host, dataset }: Wired,
): Promise<RunIdentity> {
  return {
    tersor: TERSOR_VERSION,
    model: await architectureContent(resolve(directory, config.architecture)),
    ...(config.teacher !== undefined && { teacher: await modelContent(resolve(directory, config.teacher)) }),
    dataset: await datasetFingerprint(dataset),
    latencyTables: {},
    plugins: pluginVersions(host),
  };
}

/**
 * The identity that `compress` would have with this config: loads plugins and data, runs nothing. Throws the
 * errors of `createHost` and `compressionIdentity`.
 */
export async function identifyCompression(
  config: CompressConfig,
  {
    directory,
    searchFrom,
    plugins = [],
  }: {
    readonly directory: string;
    readonly searchFrom?: readonly string[];
    readonly plugins?: readonly Plugin[];
  },
): Promise<RunIdentity> {
  const host = await createHost({
    slots: slotsOfCompression(config),
    directory,
    seed: config.seed,
    builtins: [...builtinPlugins, ...plugins],
    ...(searchFrom && { searchFrom }),
  });
  try {
    return await compressionIdentity(config, { directory, host, dataset: await host.get(TOKENS.dataset) });
  } finally {
    await host.dispose();
  }
}

async function modelContent(path: string): Promise<ModelContent> {
  const { json, weightSpecs, weightData } = await readArtifacts(path);
  return {
    topology: sha256(JSON.stringify([json.modelTopology, weightSpecs])),
    weights: sha256(new Uint8Array(weightData)),
  };
}

async function architectureContent(path: string): Promise<ModelContent> {
  if (path.endsWith('.json')) return modelContent(path);
  try {
    return { topology: moduleContent(path) };
  } catch (cause) {
    throw new TersorError(
      'MODEL_NOT_FOUND',
      `The architecture ${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function tableContent(path: string): Promise<string> {
  try {
    return sha256(await readFile(path));
  } catch (cause) {
    throw new TersorError(
      'LATENCY_TABLE_INVALID',
      `The latency table ${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Limits of our own are no plugins that a user chose: the config says all of them. */
const OWN = '@tersor/compression';

function pluginVersions({ wired }: Host): Record<string, string> {
  return Object.fromEntries(
    wired
      .filter(({ kind, source }) => kind !== 'limit' || source !== OWN)
      .map(({ kind, slot, id, source, version, content }) => [
        slot ? `${kind}/${slot}` : kind,
        [`${source}#${id}`, version, content].filter((part) => part !== undefined).join(' '),
      ]),
  );
}
