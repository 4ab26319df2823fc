import { Command, InvalidArgumentError } from 'commander';
import { thisProgram } from '../studies/running-trials.js';

interface Options {
  host?: string;
  port?: number;
  token?: string;
}

/** `tersor ui [folder...]`: shows runs and studies on a web page. */
export function uiCommand(): Command {
  return new Command('ui')
    .description('show runs and studies live on a local web page: curves, fronts, layers, logs')
    .argument('[folder...]', 'output folders of `tersor compress` or `tersor study`, or folders above them', [
      '.',
    ])
    .option('--port <number>', 'port to listen on; 0 uses any (default: the first free one from 6780)', port)
    .option(
      '--host <address>',
      'address to listen on; any other than 127.0.0.1 can be reached from other machines, with a token',
    )
    .option('--token <text>', 'token required to open the page (default with --host: one is made)', token)
    .action(async (folders: string[], options: Options) => {
      // Loaded here, because no other command needs a server.
      const { startUi } = await import('@tersor/ui');
      const { url, token: needed } = await startUi({ folders, program: thisProgram(), ...options });
      const hint =
        needed === undefined
          ? ''
          : 'Anyone with this address, which contains a token, can open the page: keep it to yourself.\n';
      process.stdout.write(`${url}\n${hint}Ctrl-C stops the server; runs continue.\n`);
    });
}

function port(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 65535)
    throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
  return value;
}

function token(text: string): string {
  if (text.length < 8) throw new InvalidArgumentError('Expected 8 characters or more.');
  return text;
}
