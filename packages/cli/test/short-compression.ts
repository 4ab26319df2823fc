import { join } from 'node:path';
import type { TinyProject } from './tiny-project.js';

/** Searches that are done at once, without fine-tunes: for tests of what comes between. */
const SHORT = [
  'backend={ use: wasm, workers: 1 }',
  'prune.agent=random',
  'prune.search.episodes=2',
  'prune.finetune.epochs=0',
  'quantize.agent=uniform',
  'quantize.search.episodes=1',
  'quantize.finetune.epochs=0',
];

/** The arguments that set such searches, and more. */
export function shortSettings(more: readonly string[]): string[] {
  return [...SHORT, ...more].flatMap((value) => ['--set', value]);
}

/** The command that compresses a project with such searches into its folder `out`, or goes on with that. */
export function shortCompression(project: TinyProject, out: string, more: readonly string[]): string[] {
  const output = join(project.folder, out);
  return ['compress', project.config, '--out', output, '--resume', ...shortSettings(more)];
}
