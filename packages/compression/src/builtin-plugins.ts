import { definePlugin, TersorError, type EnvironmentFactory, type Plugin } from '@tersor/core';
import { formatPlugins } from '@tersor/network';
import { z } from 'zod';
import { createBitWidthEnvironment } from './environments/bit-width-environment.js';
import { createPruningEnvironment } from './environments/pruning-environment.js';
import { createResidualBitsEnvironment } from './environments/residual-bits-environment.js';
import { createResidualPruningEnvironment } from './environments/residual-pruning-environment.js';
import { residualOptions } from './environments/residual-reference.js';
import { limitPlugins } from './limits/limit-plugins.js';
import { rewardPlugins } from './rewards.js';

const core = '>=0.1.0 <1.0.0';
const options = z.strictObject({});

const pruning = definePlugin({
  name: '@tersor/compression',
  kind: 'environment',
  id: 'pruning',
  core,
  description: 'stage 1: one step per channel group, with a hard budget',
  options,
  create: (): EnvironmentFactory => async (task) =>
    task.stage === 'prune' ? createPruningEnvironment(task) : wrongStage('pruning', task.stage),
});

const bitWidth = definePlugin({
  name: '@tersor/compression',
  kind: 'environment',
  id: 'bit-width',
  core,
  description: 'stage 2: one step per layer with weights, with a hard limit in bytes',
  options,
  create: (): EnvironmentFactory => async (task) =>
    task.stage === 'quantize' ? createBitWidthEnvironment(task) : wrongStage('bit-width', task.stage),
});

/** Id of the environment that searches around a heuristic. */
export const RESIDUAL = 'residual';

const residual = definePlugin({
  name: '@tersor/compression',
  kind: 'environment',
  id: RESIDUAL,
  core,
  description: "both stages: residuals around a heuristic's policy, with a hard budget",
  options: residualOptions,
  create:
    (given): EnvironmentFactory =>
    async (task) =>
      task.stage === 'prune'
        ? createResidualPruningEnvironment(task, given)
        : createResidualBitsEnvironment(task, given),
});

function wrongStage(id: string, stage: string): never {
  throw new TersorError('CONFIG_INVALID', `The environment "${id}" is not for the stage "${stage}".`);
}

/** Plugins that come with the pipeline. */
export const builtinPlugins: readonly Plugin[] = [
  pruning as Plugin,
  bitWidth as Plugin,
  residual as Plugin,
  ...rewardPlugins,
  ...formatPlugins,
  ...limitPlugins,
];
