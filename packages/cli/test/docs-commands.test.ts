import { parse as parseYaml } from 'yaml';
import { commandsOf, problemsOf, refusalOf, shellBlocks, writtenFiles } from './doc-commands.js';
import { pagesOf, root, textOf } from './doc-pages.js';

const pages = pagesOf();

describe('the commands of the documentation', () => {
  it.each(pages.filter((page) => shellBlocks(page, textOf(page)).length > 0))(
    '%s: the command line accepts them, and their files are there',
    async (page) => {
      const written = writtenFiles(textOf(page));
      const made = new Set([
        ...written.keys(),
        ...[...written.values()].map((content) => (parseYaml(content) as { output?: string }).output ?? ''),
      ]);
      const problems: string[] = [];
      for (const block of shellBlocks(page, textOf(page)))
        problems.push(...(await problemsOf(block, { root, made })));
      expect(problems).toEqual([]);
    },
  );

  it('in the text have commands and options that there are', async () => {
    const refusals: string[] = [];
    for (const page of pages) {
      for (const [, command] of textOf(page).matchAll(/`(?:npx )?tersor ([a-z][^`\n]* [^`\n]*)`/g)) {
        const refusal = await refusalOf(commandsOf(command!.replace(/<([^<>]*)>/g, '$1'))[0]!);
        // The text may name an option without the rest of its command, and leave a word open.
        if (refusal !== undefined && !/missing required argument|not specified|Allowed choices/.test(refusal))
          refusals.push(`${page}: ${command}: ${refusal}`);
      }
    }
    expect(refusals).toEqual([]);
  });

  it('are refused when they are wrong', async () => {
    const problems = (text: string, marker = '') =>
      problemsOf({ page: 'p', line: 1, text, marker }, { root, made: new Set() });
    expect(await problems('npx tersor compres a.yaml')).toEqual([expect.stringContaining('unknown command')]);
    expect(await problems('npx tersor compress examples/vgg-small/compress.yaml --outt x')).toEqual([
      expect.stringContaining("unknown option '--outt'"),
    ]);
    expect(await problems('npm run tersor -- compress none.yaml')).toEqual([
      expect.stringContaining('there is no none.yaml'),
    ]);
    expect(
      await problems(
        'npx tersor eval none/model.json --dataset cifar10 --option dir=/none',
        'needs none /none',
      ),
    ).toEqual([]);
    expect(await problems('npm run nothing && node none.mjs | nonesuch')).toEqual([
      expect.stringContaining('script'),
      expect.stringContaining('none.mjs'),
      expect.stringContaining('nonesuch'),
    ]);
    expect(await problems('npm install @tersor/cli # comment')).toEqual([
      expect.stringContaining('no registry has it'),
    ]);
  });
});
