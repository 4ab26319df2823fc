import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageJson, tsconfigs } from './project-files.js';
import { KIND_FACTS } from './plugin-kinds.js';
import { identifierOf, packageName, type PluginRequest } from './plugin-request.js';

const TEMPLATES = join(__dirname, '../templates');
/** Versions of @tersor/core that the generated plugin says it works with. */
const CORE_RANGE = '>=0.1.0 <1.0.0';

/** The files of a new plugin: path within its folder to text. Templates are the same for both layouts. */
export function pluginFiles(request: PluginRequest): Record<string, string> {
  const { kind, id, layout } = request;
  const workspace = layout === 'workspace';
  const use = selectorOf(request);
  const words: Record<string, string> = {
    id,
    kind,
    core: CORE_RANGE,
    package: packageName(request),
    Name: identifierOf(id),
    summary: KIND_FACTS[kind].summary,
    // A limit is made with the most that it allows.
    check: `${workspace ? packageName(request) : '.'}${request.kind === 'limit' ? ' --option kilobytes=100' : ''}`,
    // jest has describe and it as globals; node:test gives them.
    runnerImport: workspace ? '' : "import { describe, it } from 'node:test';\n",
    runner: workspace ? '' : ', { describe, it }',
    ...configWords(request, use),
    ...pipelineWords(request),
  };
  return {
    'package.json': json(packageJson(request)),
    ...tsconfigs(request),
    'README.md': fill('README.md', words),
    'config.yaml': fill('config.yaml', words),
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

function configWords({ kind, layout }: PluginRequest, use: string): Record<string, string> {
  const examples = layout === 'workspace' ? '../../examples' : './examples';
  const usual: Record<string, string> = {
    dataset: `{ use: cifar10, dir: ${examples}/data/cifar-10-mini, validation: 1000 }`,
    backend: 'wasm',
    agent: 'random',
    environment: 'pruning',
    pruner: 'channel',
    reward: 'accuracy',
    quantizer: 'linear',
    limit: '{ macs: 0.5 }',
  };
  const chosen = kind === 'limit' ? `{ macs: 0.5, mine: { use: ${use}, kilobytes: 2000 } }` : use;
  const place = {
    agent: 'prune:\n  agent',
    environment: 'prune:\n  environment',
    pruner: 'prune:\n  pruner',
    reward: 'prune:\n  reward',
    limit: 'prune:\n  budget',
    quantizer: 'quantize:\n  quantizer',
    backend: 'backend',
    dataset: 'dataset',
  }[kind];
  return {
    ...usual,
    [kind]: chosen,
    model: `${examples}/vgg-small/model/model.json`,
    snippet: `${place}: ${chosen}`,
  };
}

/**
 * What each place of the pipeline's test is filled with, as source text: the new plugin in its own, ours in
 * the others.
 */
function pipelineWords({ kind, id, layout }: PluginRequest): Record<string, string> {
  const places = {
    dataset: "'shades'",
    backend: "'wasm'",
    agent: "'random'",
    environment: "'pruning'",
    pruner: "'channel'",
    reward: "'accuracy'",
    quantizer: "'linear'",
    limit: '{ macs: 0.7 }',
  };
  const options: Partial<Record<PluginRequest['kind'], string>> = {
    limit: ', kilobytes: 4',
    dataset: ', images: 40, height: 8, width: 8, classes: 4',
  };
  const own = `{ use: '${id}'${options[kind] ?? ''} }`;
  const filled = { ...places, [kind]: kind === 'limit' ? `{ macs: 0.7, mine: ${own} }` : own };
  const words = Object.fromEntries(Object.entries(filled).map(([place, text]) => [`${place}Word`, text]));
  // Where a package manager keeps dependencies of dependencies apart, the plugins of Tersor lie beside its
  // command line.
  if (layout === 'workspace') return { ...words, searchFrom: '__dirname', pathImports: 'join' };
  return {
    ...words,
    searchFrom: "__dirname, dirname(require.resolve('@tersor/cli/package.json'))",
    pathImports: 'dirname, join',
  };
}

/** A template with its `__words__` filled in. */
function fill(template: string, words: Record<string, string>): string {
  const text = readFileSync(join(TEMPLATES, `${template}.txt`), 'utf8');
  return text.replace(/__([A-Za-z]+)__/g, (found, word: string) => words[word] ?? found);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
