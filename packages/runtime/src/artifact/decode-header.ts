import { corrupt } from './artifact-error.js';
import { isRecord, parseBoundedJson } from '../bytes/bounded-json.js';
import { inflate } from '../bytes/inflate.js';
import { MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_RANK } from './format.js';

/** Name and shape of a weight array, in the order of the sections. */
export interface WeightEntry {
  /** `layer/weight`, as in a tfjs weights manifest. */
  readonly name: string;
  readonly shape: readonly number[];
}

export interface ArtifactHeader {
  /** Keras topology, as `modelTopology` of a tfjs model.json. */
  readonly topology: Record<string, unknown>;
  readonly weights: readonly WeightEntry[];
  /** The user's metadata: fields of a tfjs model.json. */
  readonly metadata?: Record<string, unknown>;
}

/**
 * Inflates and parses the header section. Throws `ARTIFACT_CORRUPT`, also if it declares more than
 * `maxWeights` weights.
 */
export async function decodeHeader(body: Uint8Array, maxWeights: number): Promise<ArtifactHeader> {
  const json = parseBoundedJson(await inflate(body, MAX_HEADER_BYTES));
  if (!isRecord(json) || !isRecord(json['topology']) || !Array.isArray(json['weights']))
    throw corrupt('The header lacks the topology or the list of weights.');
  let total = 0;
  const names = new Set<string>();
  const weights = json['weights'].map((entry: unknown): WeightEntry => {
    if (
      !Array.isArray(entry) ||
      typeof entry[0] !== 'string' ||
      entry[0].length > MAX_NAME_LENGTH ||
      !isShape(entry[1])
    )
      throw corrupt('The header describes a weight in a wrong way.');
    total += entry[1].reduce((product, size) => product * size, 1);
    names.add(entry[0]);
    return { name: entry[0], shape: entry[1] };
  });
  if (names.size !== weights.length) throw corrupt('Two weights have the same name.');
  if (!(total <= maxWeights))
    throw corrupt(`The header declares ${total} weights; the limit is ${maxWeights} (option maxWeights).`);
  const { topology, metadata } = json;
  return { topology, weights, ...(isRecord(metadata) && { metadata }) };
}

function isShape(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_RANK &&
    value.every((size) => Number.isSafeInteger(size) && size >= 1)
  );
}
