import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readPolicy, type Policy } from '@tersor/compression';

/** The model that a run produced. */
export interface RunModel {
  /** Path of its smallest model: the packed file or, without a stage 2, the LayersModel. */
  readonly model: string;
  /** How to round the inputs of its layers; absent if the run rounded none. */
  readonly activations?: NonNullable<Policy['activations']>;
}

/**
 * The model of the run in a folder, found by `summary.json` and `policy.json`; `undefined` if the folder is
 * not that of a run. Throws `POLICY_INVALID`.
 */
export async function runAt(folder: string): Promise<RunModel | undefined> {
  const isThere = (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  if (!(await isThere('summary.json')) || !(await isThere('policy.json'))) return undefined;
  const { activations } = (await readPolicy(join(folder, 'policy.json'))).policy;
  const model = (await isThere('model.tersor')) ? 'model.tersor' : join('model', 'model.json');
  return { model: join(folder, model), ...(activations && { activations }) };
}
