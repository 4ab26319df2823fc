import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Help, type HelpConfiguration } from 'commander';
import { COMMANDS } from './command-table.js';
import { quietLibraries } from './logging/quiet-libraries.js';
import { stoppedExitCode } from './stopping/stop-signals.js';

const USER_MISTAKE = 1;
const OUR_MISTAKE = 2;
const HELP: HelpConfiguration = {
  styleTitle: (text) => `\u001b[1m${text}\u001b[22m`, // Commander strips it if there are no colours.
  subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim(),
  // An option that may be repeated begins with an empty list, which tells nobody anything.
  optionDescription: (option) => new Help().optionDescription(option).replace(' (default: [])', ''),
};

/**
 * Creates the command line. Only the commands in `named` are loaded (by default all); of the others it has
 * name and description, which is enough for `tersor --help`.
 */
export async function createProgram(named?: readonly string[]): Promise<Command> {
  const program = new Command('tersor')
    .description('Makes convolutional networks small with deep reinforcement learning.')
    .version(
      (JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as { version: string }).version,
    )
    .option('--verbose', 'show stack traces, and what libraries log')
    .configureHelp(HELP)
    .showSuggestionAfterError()
    .exitOverride()
    // Loaded here: `--help` does not need core.
    .hook('preAction', async (_, command) => (await import('./option-values.js')).requireNoEmpty(command));
  for (const { name, usage, description, load } of COMMANDS) {
    const isNamed = !named || named.includes(name);
    const command = isNamed ? await load() : new Command(name).description(description).usage(usage);
    // Set on each: a command that is added to another does not inherit its settings.
    for (const each of [command, ...command.commands])
      each.configureHelp(HELP).exitOverride().showSuggestionAfterError();
    program.addCommand(command);
  }
  return program;
}

/**
 * Runs the command line. Resolves to the exit code: 0, 1 for a user's mistake, 2 for an internal error, 128
 * plus the signal's number for work that was stopped.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const isVerbose = argv.includes('--verbose');
  if (isVerbose) process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '0';
  const restore = isVerbose ? () => undefined : quietLibraries();
  try {
    const program = await createProgram(argv.slice(2));
    await program.parseAsync([...argv]);
    // `tersor check` sets the exit code for broken rules instead of throwing.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USER_MISTAKE;
    return await report(error, isVerbose);
  } finally {
    restore();
  }
}

async function report(error: unknown, verbose: boolean): Promise<number> {
  // Loaded here: `--help` does not need core.
  const { isTersorError, printable } = await import('@tersor/core');
  const { coloursFor } = await import('./screen/colours.js');
  const name = coloursFor(process.stderr).red('tersor:');
  if (isTersorError(error)) {
    process.stderr.write(
      `${name} ${printable(`${error.message} [${error.code}]\n${error.hint ? `  ${error.hint}\n` : ''}`)}`,
    );
  } else {
    process.stderr.write(
      `${name} internal error: ${error instanceof Error ? error.message : String(error)}\n  Please run again with --verbose and report it.\n`,
    );
  }
  if (verbose && error instanceof Error)
    process.stderr.write(
      `${error.stack}\n${error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : ''}`,
    );
  if (isTersorError(error)) return error.code === 'INTERRUPTED' ? stoppedExitCode() : USER_MISTAKE;
  return OUR_MISTAKE;
}
