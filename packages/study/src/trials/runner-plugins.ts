import { definePlugin, type Plugin } from '@tersor/core';
import { z } from 'zod';
import { childProcessRunner } from './child-process-runner.js';

const options = z.strictObject({
  concurrency: z.int().min(1).default(1).describe('Trials at the same time.'),
  graceSeconds: z
    .number()
    .min(0)
    .default(30)
    .describe('Seconds that a trial has to save its state when its time is up, before it is killed.'),
});

/** The built-in runners. `command` starts `tersor`: the program and its first arguments. */
export function runnerPlugins(command: readonly string[]): readonly Plugin[] {
  const childProcess = definePlugin({
    name: '@tersor/study',
    kind: 'runner',
    id: 'child-process',
    core: '>=0.1.0 <1.0.0',
    description: 'each trial in its own process, on this machine',
    options,
    create: (given) => childProcessRunner({ command, ...given }),
  });
  return [childProcess as Plugin];
}
