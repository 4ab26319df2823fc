import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { examineBackends, type Finding } from '../backends/examine-backends.js';
import { wrapLines } from '../screen/wrap-lines.js';

/** `tersor doctor`: shows which backends can run here, why others cannot, and what to install. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show which backends can run here, and what to install for the others')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { verbose } = command.optsWithGlobals<{ verbose?: boolean }>();
      const machine = {
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
        cores: availableParallelism(),
      };
      const findings = await examineBackends((backend, output) => {
        if (verbose && output) process.stderr.write(`${backend} wrote:\n${output.trimEnd()}\n`);
      });
      if (json) {
        process.stdout.write(`${JSON.stringify({ machine, backends: findings }, undefined, 2)}\n`);
        return;
      }
      process.stdout.write(`Node ${machine.node} on ${machine.platform}, ${machine.cores} cores\n`);
      for (const finding of findings) process.stdout.write(wrapLines(describe(finding)));
    });
}

function describe({ backend, description, availability }: Finding): string {
  if (!availability.available)
    return `  ${backend}: not available: ${availability.reason}\n${availability.install && `    ${availability.install}\n`}`;
  const details = Object.entries(availability.details).map(([name, value]) => `${name} ${value}`);
  return `  ${backend}: available (${details.join(', ')})\n    ${description}\n`;
}
