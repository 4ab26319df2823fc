import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { isTersorError, printable } from '@tersor/core';
import { applyCommand } from './commands/apply.js';
import { checkCommand } from './commands/check.js';
import { compressCommand } from './commands/compress.js';
import { doctorCommand } from './commands/doctor.js';
import { evalCommand } from './commands/eval.js';
import { exportCommand } from './commands/export.js';
import { inspectCommand } from './commands/inspect.js';
import { newCommand } from './commands/new.js';
import { pluginsCommand } from './commands/plugins.js';
import { profileCommand } from './commands/profile.js';
import { reportCommand } from './commands/report.js';
import { schemaCommand } from './commands/schema.js';
import { studyCommand } from './commands/study.js';
import { trainCommand } from './commands/train.js';
import { quietLibraries } from './quiet-libraries.js';
import { stoppedExitCode } from './stop-signals.js';

const USER_MISTAKE = 1;
const OUR_MISTAKE = 2;

/** The command line with all its commands. */
export function createProgram(): Command {
  const program = new Command('tersor')
    .description('Makes convolutional networks small with deep reinforcement learning.')
    .version(
      (JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string }).version,
    )
    .option('--verbose', 'show stack traces, and what libraries log', false)
    .showSuggestionAfterError()
    .exitOverride();
  for (const command of [
    trainCommand,
    compressCommand,
    applyCommand,
    evalCommand,
    exportCommand,
    inspectCommand,
    profileCommand,
    studyCommand,
    reportCommand,
    doctorCommand,
    pluginsCommand,
    newCommand,
    checkCommand,
    schemaCommand,
  ]) {
    program.addCommand(command().exitOverride());
  }
  return program;
}

/**
 * Runs the command line; resolves to the exit code: 0, 1 for the user's mistake, 2 for ours, 128 and the
 * signal's number for work that was stopped.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const isVerbose = argv.includes('--verbose');
  if (isVerbose) process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '0';
  const restore = isVerbose ? () => undefined : quietLibraries();
  try {
    await createProgram().parseAsync([...argv]);
    // `tersor check` finds broken rules without an error of its own.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USER_MISTAKE;
    return report(error, isVerbose);
  } finally {
    restore();
  }
}

function report(error: unknown, verbose: boolean): number {
  if (isTersorError(error)) {
    process.stderr.write(
      printable(`tersor: ${error.message} [${error.code}]\n${error.hint ? `  ${error.hint}\n` : ''}`),
    );
  } else {
    process.stderr.write(
      `tersor: an error of Tersor's own: ${error instanceof Error ? error.message : String(error)}\n  Run again with --verbose and report it, please.\n`,
    );
  }
  if (verbose && error instanceof Error)
    process.stderr.write(
      `${error.stack}\n${error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : ''}`,
    );
  if (isTersorError(error)) return error.code === 'INTERRUPTED' ? stoppedExitCode() : USER_MISTAKE;
  return OUR_MISTAKE;
}
