import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { createProgram } from '../src/run.js';

/**
 * A fenced `sh` block of a page. The marker is the HTML comment above it, which says what a test does with
 * it.
 */
export interface ShellBlock {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /**
   * `check`: too long, or not of this clone; `needs <paths>`: files that only the reader has; `published`:
   * wants a registry that has the packages; else it is run.
   */
  readonly marker: string;
}

/** The fenced `sh` blocks of a page of Markdown. */
export function shellBlocks(page: string, text: string): ShellBlock[] {
  return [...text.matchAll(/(?:<!-- sh: (.*?) -->\n)?```(?:sh|bash|shell|console)\n(.*?)```/gs)].map(
    (match) => ({
      page,
      line: text.slice(0, match.index).split('\n').length,
      text: match[2]!,
      marker: match[1] ?? '',
    }),
  );
}

/** Files that a page tells the reader to write: "As `name.yaml`", then a `yaml` block. */
export function writtenFiles(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/\bAs `([\w./-]+\.ya?ml)`[^\n]*\n+```yaml\n(.*?)```/gs)].map(([, name, content]) => [
      name!,
      content!,
    ]),
  );
}

/** What a page's earlier lines have left. */
export interface PageState {
  readonly root: string;
  /** Files and folders that earlier lines made, or that the page tells the reader to write. */
  readonly made: Set<string>;
}

/**
 * Words of a command as a shell splits them; comments, and what comes after a redirection, are left out. A
 * pipe, `&&` and `;` begin another.
 */
export function commandsOf(text: string): string[][] {
  const commands: string[][] = [[]];
  const tokens = text
    .replaceAll('\\\n', ' ')
    .matchAll(
      /(?<=^|\s)#[^\n]*|'([^']*)'|"([^"]*)"|\|\||&&|[;|\n]|[<>]+\s*\S+|(?:[^\s'"|;<>&]|["'][^"']*["'])+/g,
    );
  for (const [token, single, double] of tokens) {
    if (token.startsWith('#') || /^[<>]/.test(token)) continue;
    if (/^(\|\||&&|[;|\n])$/.test(token)) commands.push([]);
    else commands.at(-1)!.push(single ?? double ?? token.replace(/["']/g, ''));
  }
  return commands.filter((words) => words.length > 0);
}

const SYSTEM = [
  'apt-get',
  'done',
  'export',
  'for',
  'head',
  'jq',
  'mkdir',
  'optuna-dashboard',
  'pip',
  'sort',
  'tensorboard',
];

/**
 * What is wrong with a block: flags and commands that the real command line does not have, scripts and files
 * that are not there. Files that a line makes are added to the state.
 */
export async function problemsOf(block: ShellBlock, state: PageState): Promise<string[]> {
  const problems: string[] = [];
  const needed = /^needs (.*)/.exec(block.marker)?.[1]!.split(' ') ?? [];
  const isThere = (path: string) =>
    [...state.made, ...needed].some((made) => path === made || path.startsWith(`${made}/`)) ||
    existsSync(join(state.root, path));
  const scripts = (
    JSON.parse(readFileSync(join(state.root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  ).scripts;
  let isElsewhere = false;
  for (const all of commandsOf(block.text)) {
    const words = all.slice(all.findIndex((word) => !/^([A-Z_]+=|do$)/.test(word)));
    if (all.every((word) => /^[A-Z_]+=/.test(word))) continue;
    const [program, ...rest] = words as [string, ...string[]];
    const fail = (what: string) =>
      problems.push(`${block.page}:${block.line}: \`${all.join(' ')}\`: ${what}`);
    const args = tersorArguments(words);
    if (args) for (const problem of await tersorProblems(args, isThere, state)) fail(problem);
    else if (program.includes('/')) {
      if (!isThere(program)) fail('there is no such file');
    } else if (program === 'cd') {
      if (!isThere(rest[0]!)) fail(`there is no folder ${rest[0]}`);
      isElsewhere = true;
    } else if (program === 'npm' && rest[0] === 'run') {
      if (
        !isElsewhere &&
        scripts[rest.find((word) => !word.startsWith('-') && word !== 'run')!] === undefined
      )
        fail('there is no such script');
    } else if (program === 'npm') {
      const names =
        rest[0] === 'create'
          ? [`create-${rest[1]}`]
          : ['install', 'i', 'add'].includes(rest[0]!)
            ? rest.slice(1)
            : [];
      if (
        block.marker !== 'published' &&
        names.some((name) => /^(@tersor\/|create-tersor|tersor)/.test(name))
      )
        fail('no registry has it: mark the block `<!-- sh: published -->` and say how without');
      if (rest[0] === 'create') state.made.add(`tersor-${rest[2]}-${rest[3]}`);
    } else if (program === 'npx') {
      if (
        !existsSync(join(state.root, 'node_modules/.bin', rest[0]!)) &&
        !['create-tersor-plugin'].includes(rest[0]!)
      )
        fail(`there is no command ${rest[0]}`);
      if (rest[0] === 'create-tersor-plugin') state.made.add(`tersor-${rest[1]}-${rest[2]}`);
    } else if (program === 'node' || program === 'bash') {
      const file = rest.find((word, i) => !word.startsWith('-') && rest[i - 1] !== '--import')!;
      if (!isThere(file)) fail(`there is no file ${file}`);
    } else if (!SYSTEM.includes(program)) fail(`what is ${program}?`);
    else if (program === 'mkdir')
      rest.filter((word) => !word.startsWith('-')).forEach((folder) => state.made.add(folder));
  }
  return problems;
}

/** What the words of a command give to `tersor`; undefined for another program. */
function tersorArguments(words: readonly string[]): string[] | undefined {
  const text = words.join('\0');
  const start = /^(npx\0tersor|npm\0run\0(--silent\0)?tersor\0--|tersor)(\0|$)/.exec(text);
  return start ? text.slice(start[0].length).split('\0').filter(Boolean) : undefined;
}

/**
 * What the real command line says of arguments, without carrying them out; undefined when it accepts them.
 */
export async function refusalOf(
  args: readonly string[],
  onAccept?: (name: string, operands: readonly string[], options: Record<string, unknown>) => void,
): Promise<string | undefined> {
  const program = await createProgram();
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
    command
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
      .action(() => onAccept?.(command.name(), command.args, command.opts()));
  }
  try {
    await program
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
      .parseAsync([...args], { from: 'user' });
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'commander.helpDisplayed' || code === 'commander.version' ? undefined : message;
  }
}

async function tersorProblems(
  args: readonly string[],
  isThere: (path: string) => boolean,
  { root, made }: PageState,
): Promise<string[]> {
  const problems: string[] = [];
  const refusal = await refusalOf(args, (name, operands, options) => {
    const files = ['plugins', 'doctor', 'schema', 'new'].includes(name)
      ? []
      : operands
          .filter((operand) => name !== 'check' || operand.startsWith('.'))
          .map((operand) => operand.replace(/^\.\//, ''));
    const folders = ((options['option'] as string[] | undefined) ?? [])
      .filter((option) => option.startsWith('dir='))
      .map((option) => option.slice('dir='.length));
    for (const path of [...files, ...folders])
      if (!isThere(path)) problems.push(`there is no ${path}, and no earlier line makes it`);
    if (name === 'new') made.add(`tersor-${operands.join('-')}`);
    if (typeof options['out'] === 'string') made.add(options['out']);
    else if (['compress', 'train', 'study'].includes(name) && existsSync(join(root, files[0]!)))
      made.add((parseYaml(readFileSync(join(root, files[0]!), 'utf8')) as { output: string }).output);
  });
  return refusal === undefined ? problems : [refusal];
}
