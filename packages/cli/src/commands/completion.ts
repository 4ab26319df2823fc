import { Argument, Command } from 'commander';
import { completedCommands, SCRIPTS, type Shell } from '../completion/scripts.js';

/**
 * `tersor completion <shell>`: prints the script for a shell to complete commands and options. `load` returns
 * all commands of the program.
 */
export function completionCommand(load: () => Promise<readonly Command[]>): Command {
  return new Command('completion')
    .description('print a script that lets a shell complete commands and options')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .action(async (shell: Shell, _options: object, { parent }: Command) => {
      process.stdout.write(SCRIPTS[shell](completedCommands(await load(), parent?.options ?? [])));
    });
}
