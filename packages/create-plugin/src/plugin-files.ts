import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkArguments, packageJson, tsconfigs } from './project-files.js';
import { KIND_FACTS, type KindFacts } from './plugin-kinds.js';
import { identifierOf, packageName, type PluginRequest } from './plugin-request.js';

const TEMPLATES = join(__dirname, '../templates');
/** Versions of @tersor/core that the generated plugin says it works with. */
const CORE_RANGE = '>=0.1.0 <1.0.0';

/** The files of a new plugin: path within its folder to text. Templates are the same for both layouts. */
export function pluginFiles(request: PluginRequest): Record<string, string> {
  const { kind, id, layout } = request;
  const workspace = layout === 'workspace';
  const facts: KindFacts = KIND_FACTS[kind];
  const words: Record<string, string> = {
    id,
    kind,
    core: CORE_RANGE,
    package: packageName(request),
    Name: identifierOf(id),
    summary: facts.summary,
    check: checkArguments(request),
    // jest has describe and it as globals; node:test gives them.
    runnerImport: workspace ? '' : "import { describe, it } from 'node:test';\n",
    runner: workspace ? '' : ', { describe, it }',
    ...placeWords(request),
  };
  return {
    'package.json': json(packageJson(request)),
    ...tsconfigs(request),
    'README.md': fill('README.md', words),
    'config.yaml': fill('config.yaml', words),
    ...(isOfStudy(request) && { 'study.yaml': fill('study.yaml', words) }),
    'src/index.ts': fill(`${kind}/index.ts`, words),
    'src/contract.test.ts': fill(`${kind}/contract.test.ts`, words),
    'src/pipeline.test.ts': fill('pipeline.test.ts', words),
    ...(workspace
      ? {
          'jest.config.js': `module.exports = { ...require('../../jest.preset.js'), displayName: '${kind}-${id}' };\n`,
        }
      : { '.gitignore': 'node_modules/\ndist/\nout/\n' }),
  };
}

/** How a config names the plugin: by id where the package follows the naming rule. */
function selectorOf(request: PluginRequest): string {
  const { kind, id, layout, name } = request;
  return name === undefined ||
    name === `tersor-${kind}-${id}` ||
    (layout === 'workspace' && name === `@tersor/${kind}-${id}`)
    ? id
    : `'${name}'`;
}

/** What a place of the pipeline holds where the new plugin is elsewhere: in the config, and in the test. */
const USUAL: Readonly<Record<string, { readonly config: string; readonly test?: string }>> = {
  format: { config: '__examples__/vgg-small/model/model.json', test: 'model/model.json' },
  dataset: {
    config: '{ use: cifar10, dir: __examples__/data/cifar-10-mini, validation: 1000 }',
    test: 'shades',
  },
  backend: { config: 'wasm' },
  agent: { config: 'random' },
  environment: { config: 'pruning' },
  pruner: { config: 'channel' },
  reward: { config: 'accuracy' },
  quantizer: { config: 'linear' },
  limit: { config: '{ macs: 0.5 }', test: '{ macs: 0.7 }' },
};

/** How `compress` is called by a pipeline's test. */
const COMPRESS = {
  imports: "import { compress } from '@tersor/compression';\n",
  compress:
    "    const summary = await compress({ config, directory: folder, output: join(folder, 'out'), plugins, searchFrom });\n",
};

/** What the places of the config and of the pipeline's test are filled with. */
function placeWords(request: PluginRequest): Record<string, string> {
  const { kind, id, layout } = request;
  const { place, options = {}, configOptions = {}, testOptions = {}, ...facts }: KindFacts = KIND_FACTS[kind];
  const around = facts.around ?? ((plugin: string) => plugin);
  const chosen = around(selectorText(selectorOf(request), { ...options, ...configOptions }));
  const own = around(selectorText(`'${id}'`, { ...options, ...testOptions }, quoted));
  const places = Object.entries(USUAL).flatMap(([name, { config, test = config }]) => [
    [name, name === kind ? chosen : config],
    [`${name}Word`, name === kind ? own : /^\{/.test(test) ? test : quoted(test)],
  ]);
  const isOther = layout === 'package';
  const { imports, compress } = facts.pipeline ?? COMPRESS;
  const path = place.split('.');
  const words: Record<string, string> = {
    ...(Object.fromEntries(places) as Record<string, string>),
    examples: isOther ? './examples' : '../../examples',
    snippet: `${path.length > 1 && !isOfStudy(request) ? `${path[0]}:\n  ` : ''}${path.at(-1)}: ${chosen}`,
    whole: isOfStudy(request)
      ? '`study.yaml` is a whole study with it.'
      : '`config.yaml` is a whole config with it.',
    studySelector: chosen,
    writes: facts.writesModel ? id : 'layers-model',
    pipelineImport: imports,
    compress,
    Name: identifierOf(id),
    // Where a package manager keeps dependencies of dependencies apart, the plugins of Tersor lie beside its
    // command line.
    searchFrom: isOther ? "__dirname, dirname(require.resolve('@tersor/cli/package.json'))" : '__dirname',
    pathImports: isOther ? 'dirname, join' : 'join',
    directoryImport: isOther ? "import { dirname } from 'node:path';\n" : '',
  };
  return Object.fromEntries(Object.entries(words).map(([word, text]) => [word, filled(text, words)]));
}

/** Whether a study names the plugin, and no config. */
function isOfStudy({ kind }: PluginRequest): boolean {
  return KIND_FACTS[kind].place.startsWith('study.');
}

/** `{ use: name, ...its options }`, or the name alone. */
function selectorText(
  use: string,
  options: Readonly<Record<string, string | number>>,
  text: (value: string) => string = (value) => value,
): string {
  const pairs = Object.entries(options).map(
    ([key, value]) => `, ${key}: ${typeof value === 'string' ? text(value) : value}`,
  );
  return pairs.length === 0 ? use : `{ use: ${use}${pairs.join('')} }`;
}

function quoted(text: string): string {
  return `'${text}'`;
}

/** A template with its `__words__` filled in. */
function fill(template: string, words: Record<string, string>): string {
  const text = readFileSync(join(TEMPLATES, `${template}.txt`), 'utf8');
  return filled(text, words);
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Za-z]+)__/g, (found, word: string) => words[word] ?? found);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
