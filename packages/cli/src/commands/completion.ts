import { Argument, Command } from 'commander';
import { completedCommands, SCRIPTS, type Shell } from '../completion/scripts.js';

/** `tersor completion <shell>`: the script that lets a shell complete commands and options. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print a script by which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .action(async (shell: Shell) => {
      // The program imports this file's command.
      const { createProgram } = await import('../run.js');
      process.stdout.write(SCRIPTS[shell](completedCommands(await createProgram())));
    });
}
