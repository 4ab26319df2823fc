import { definePlugin, type Plugin } from '@tersor/core';
import { z } from 'zod';
import { childProcessRunner } from './child-process-runner.js';

const options = z.strictObject({
  concurrency: z.int().min(1).default(1).describe('Trials at the same time.'),
  graceSeconds: z
    .number()
    .min(0)
    .default(30)
    .describe('How long a trial whose time is over has to save itself, before it is killed.'),
});

/** Runners that studies bring along. `command` starts `tersor`: the program with its first arguments. */
export function runnerPlugins(command: readonly string[]): readonly Plugin[] {
  const childProcess = definePlugin({
    name: '@tersor/study',
    kind: 'runner',
    id: 'child-process',
    core: '>=0.1.0 <1.0.0',
    description: 'trials in processes of their own, on this machine',
    options,
    create: (given) => childProcessRunner({ command, ...given }),
  });
  return [childProcess as Plugin];
}
