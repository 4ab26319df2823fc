import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readPolicy, type Policy } from '@tersor/compression';

/** What a compression left, as far as its model goes. */
export interface RunModel {
  /** Path of its smallest model: the packed file, or without a stage 2 the LayersModel. */
  readonly model: string;
  /** How the inputs of its layers are to be rounded; absent where the run rounded none. */
  readonly activations?: NonNullable<Policy['activations']>;
}

/**
 * The run that left a folder, by its `summary.json` and `policy.json`; `undefined` where none did. Throws
 * `POLICY_INVALID`.
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
