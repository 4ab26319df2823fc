import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './command-table.js';
import { quietLibraries } from './logging/quiet-libraries.js';
import { stoppedExitCode } from './stopping/stop-signals.js';

const USER_MISTAKE = 1;
const OUR_MISTAKE = 2;

/**
 * The command line. Only the commands that `named` holds are loaded, all without it; the others are known by
 * name and description, which is what `tersor --help` shows.
 */
export async function createProgram(named?: readonly string[]): Promise<Command> {
  const program = new Command('tersor')
    .description('Makes convolutional networks small with deep reinforcement learning.')
    .version(
      (JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string }).version,
    )
    .option('--verbose', 'show stack traces, and what libraries log', false)
    .configureHelp({
      styleTitle: (text) => `\u001b[1m${text}\u001b[22m`, // Taken out again where there are no colours.
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim(),
    })
    .showSuggestionAfterError()
    .exitOverride();
  for (const { name, usage, description, load } of COMMANDS) {
    const isNamed = !named || named.includes(name);
    const command = isNamed ? await load() : new Command(name).description(description).usage(usage);
    // Each has to be told: a command that is added, not made by another, takes over nothing of it.
    for (const each of [command, ...command.commands]) each.exitOverride().showSuggestionAfterError();
    program.addCommand(command);
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
    const program = await createProgram(argv.slice(2));
    await program.parseAsync([...argv]);
    // `tersor check` finds broken rules without an error of its own.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USER_MISTAKE;
    return await report(error, isVerbose);
  } finally {
    restore();
  }
}

async function report(error: unknown, verbose: boolean): Promise<number> {
  // With all that a config needs, which `--help` does not.
  const { isTersorError, printable } = await import('@tersor/core');
  const { coloursFor } = await import('./screen/colours.js');
  const name = coloursFor(process.stderr).red('tersor:');
  if (isTersorError(error)) {
    process.stderr.write(
      `${name} ${printable(`${error.message} [${error.code}]\n${error.hint ? `  ${error.hint}\n` : ''}`)}`,
    );
  } else {
    process.stderr.write(
      `${name} an error of Tersor's own: ${error instanceof Error ? error.message : String(error)}\n  Run again with --verbose and report it, please.\n`,
    );
  }
  if (verbose && error instanceof Error)
    process.stderr.write(
      `${error.stack}\n${error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : ''}`,
    );
  if (isTersorError(error)) return error.code === 'INTERRUPTED' ? stoppedExitCode() : USER_MISTAKE;
  return OUR_MISTAKE;
}
