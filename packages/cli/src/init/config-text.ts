import { basename, dirname, relative, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Answers } from './answers.js';
import type { TriedScaling } from './try-scalings.js';

/** What the config needs besides the answers. */
interface Setting {
  readonly backend: string;
  readonly tried: TriedScaling;
}

/**
 * A config with both stages for `tersor compress`, as YAML with comments at settings that users may want to
 * change, or as JSON in a file whose name ends so. Paths are relative to its folder.
 */
export function configText(answers: Answers, setting: Setting): string {
  const text = yamlText(answers, setting);
  return /\.json$/i.test(answers.out) ? `${JSON.stringify(parse(text), undefined, 2)}\n` : text;
}

function yamlText(answers: Answers, { backend, tried }: Setting): string {
  const { model, dataset, options, macs, bytes, out } = answers;
  const folder = dirname(resolve(out));
  const own = { use: dataset, ...withPathsFrom(folder, options), ...tried.options };
  const name = basename(out).replace(/\.[^.]*$/, '');
  return `# Written by "tersor init". Run it: npx tersor compress ${out}
model: ${inline(pathFrom(folder, model))}
# With the pixels scaled as here (${tried.name}), the model has ${(100 * tried.accuracy).toFixed(1)}% of ${tried.images} validation images right.
dataset: ${inline(own)}
backend: ${inline(backend)}
seed: 1
prune:
  environment: residual            # around the heuristic "reconstruction", which is the first candidate
  agent: ensemble
  reward: agreement                # of a candidate's outputs with the model's own
  search: { episodes: 40, confirm: 5 }   # candidates; the best five are measured again, on other images
  budget: { macs: ${macs} }             # share of the multiply-adds that may be left
  images: 400                      # validation images that a candidate is measured on
  finetune: { epochs: 2, learningRate: 0.002, distill: 1, temperature: 2, freezeStatistics: true }
quantize:
  environment: residual
  agent: ddpg
  reward: agreement
  search: { episodes: 16, confirm: 3 }
  quantizer: { use: linear, calibrate: {} }
  budget: { bytes: ${bytes} }           # share of the bytes on disk that may be left
  images: 400
  finetune: { epochs: 0 }
output: ${inline(`out/${name}`)}
`;
}

/** A value as YAML on one line. */
function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** Makes options that name an existing file or folder relative to the config's folder. */
function withPathsFrom(
  folder: string,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key,
      key === 'dir' && typeof value === 'string' ? pathFrom(folder, value) : value,
    ]),
  );
}

function pathFrom(folder: string, path: string): string {
  const found = relative(folder, resolve(path)).replaceAll('\\', '/');
  return found === '' ? '.' : found;
}
