import { spawnSync } from 'node:child_process';
import { COMMANDS } from '../src/command-table.js';
import { tersor } from './tersor.js';

/** What bash offers for a line, of which the last word is completed. */
function offered(script: string, words: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(
    'bash',
    [
      '-c',
      `eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tersor; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      script,
      ...words,
    ],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim().split('\n').filter(Boolean);
}

const hasBash = spawnSync('bash', ['--version']).status === 0;
(hasBash ? describe : describe.skip)('the completion of bash', () => {
  let script: string;
  beforeAll(async () => {
    const { code, out } = await tersor('completion', 'bash');
    expect(code).toBe(0);
    script = out;
  });

  it('knows every command', () => {
    expect(offered(script, ['tersor', ''])).toEqual([
      ...COMMANDS.map(({ name }) => name),
      'help',
      '--help',
      '--version',
    ]);
    expect(offered(script, ['tersor', 'com'])).toEqual(['compress', 'completion']);
  });

  it('knows the options of a command, and what an option can be', () => {
    expect(offered(script, ['tersor', 'compress', 'a.yaml', '--res'])).toEqual(['--resume']);
    expect(offered(script, ['tersor', 'eval', 'm.json', '--split', 'te'])).toEqual(['test']);
    expect(offered(script, ['tersor', 'schema', ''])).toEqual(['compress', 'train', 'study']);
  });

  it('leaves files to bash', () => {
    expect(offered(script, ['tersor', 'compress', 'exam'])).toEqual([]);
  });
});

it.each(['zsh', 'fish'])('the script for %s names every command and option', async (shell) => {
  const { code, out } = await tersor('completion', shell);
  expect(code).toBe(0);
  for (const { name } of COMMANDS) expect(out).toContain(name);
  expect(out).toContain(shell === 'fish' ? '-l resume' : '--resume[continue from');
  expect(out).not.toMatch(/undefined/);
});
