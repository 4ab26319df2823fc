// What tools/outside.mjs writes besides generated plugins.

/** Uses the library with no command line; the same text is compiled as ES module and as CommonJS. */
export const consumerSource = `
import { compress, slotsOfCompression } from '@tersor/compression';
import { compressConfigSchema, createHost, parseConfig } from '@tersor/core';
import { join } from 'node:path';

async function main(): Promise<void> {
  const directory = process.cwd();
  const config = parseConfig({
    model: 'examples/vgg-small/model/model.json',
    dataset: { use: 'cifar10', dir: 'examples/data/cifar-10-mini', validation: 50 },
    backend: 'wasm',
    prune: { agent: 'mine', search: { episodes: 1 }, pruner: 'mine', reward: 'mine', environment: 'mine', budget: { macs: 0.7 }, images: 50, finetune: { epochs: 0 } },
  }, compressConfigSchema);
  const host = await createHost({ slots: [...slotsOfCompression(config).filter(({ kind }) => kind !== 'limit'), { kind: 'quantizer', name: 'extra', path: 'extra', use: 'mine', options: {} }], directory, seed: 1, builtins: [] });
  const wired = host.wired.length;
  await host.dispose();
  const { baseline, compressed } = await compress({ config, directory, output: join(directory, \`consumer-\${process.pid}\`) });
  console.log(\`wired \${wired}, smaller \${compressed.macs < baseline.macs}\`);
}
void main();
`;

const plugin = (kind, create, extra = '') =>
  `const { z } = require('zod'); module.exports = { tersorPlugin: 1, name: 'wrong', kind: '${kind}', id: 'wrong', core: '>=0.1.0 <1.0.0', description: '', options: z.strictObject({}), create: ${create}${extra} };`;

const given = (place, file) => ['--set', `${place}=./${file}`];

/**
 * Deliberately wrong plugins, one or more of each kind, the settings of a compression that name them, and the
 * code that refuses them. Those of runners are named by a study.
 */
export const wrongPlugins = [
  {
    file: 'wrong-agent.cjs',
    text: plugin('agent', '() => ({})'),
    code: 'PLUGIN_INVALID',
    settings: (file) => given('prune.agent.use', file),
  },
  {
    file: 'wrong-environment.cjs',
    text: plugin('environment', "() => { throw new Error('no luck'); }"),
    code: 'PLUGIN_FAILED',
    settings: (file) => given('prune.environment', file),
  },
  {
    file: 'wrong-pruner.mjs',
    text: "throw new Error('at import');",
    code: 'PLUGIN_FAILED',
    settings: (file) => given('prune.pruner', file),
  },
  {
    file: 'wrong-quantizer.cjs',
    text: plugin('quantizer', '() => ({})', ", core: '>=9.0.0'"),
    code: 'PLUGIN_CORE_MISMATCH',
    settings: (file) => [
      ...given('quantize.quantizer', file),
      ...['--set', 'quantize.budget.bytes=0.5', '--set', 'quantize.agent=random'],
    ],
  },
  {
    file: 'wrong-backend.cjs',
    text: plugin('backend', "() => ({ id: 'wrong' })"),
    code: 'PLUGIN_INVALID',
    settings: (file) => given('backend', file),
  },
  {
    file: 'wrong-dataset.mjs',
    text: 'export default { hello: 1 };',
    code: 'PLUGIN_INVALID',
    settings: (file) => given('dataset', file),
  },
  {
    file: 'wrong-reward.cjs',
    text: plugin('pruner', '() => ({})'),
    code: 'PLUGIN_NOT_FOUND',
    settings: (file) => given('prune.reward', file),
  },
  {
    file: 'wrong-format.cjs',
    text: plugin('format', "() => ({ id: 'wrong', files: 'none', recognises: () => true })"),
    code: 'PLUGIN_INVALID',
    settings: (file) => ['--set', `model={ use: ./${file}, path: examples/vgg-small/model/model.json }`],
  },
  {
    file: 'reading-format.cjs',
    text: plugin(
      'format',
      "() => ({ id: 'wrong', files: 'none', recognises: () => true, read: async () => ({ layers: [] }) })",
    ),
    code: 'PLUGIN_MISBEHAVED',
    settings: (file) => ['--set', `model={ use: ./${file}, path: examples/vgg-small/model/model.json }`],
  },
  {
    file: 'wrong-limit.cjs',
    text: plugin('limit', "() => ({ id: 'wrong' })"),
    code: 'PLUGIN_MISBEHAVED',
    settings: (file) => ['--set', `prune.budget={ wrong: { use: ./${file} } }`],
  },
  {
    file: 'counting-limit.cjs',
    text: plugin(
      'limit',
      "() => ({ id: 'wrong', prune: () => ({ name: 'wrong', limit: 1, of: () => NaN, format: String, promise: () => () => 0 }) })",
    ),
    code: 'PLUGIN_MISBEHAVED',
    settings: (file) => ['--set', `prune.budget={ wrong: { use: ./${file} } }`],
  },
  {
    file: 'wrong-runner.cjs',
    text: plugin('runner', "() => ({ id: 'wrong', concurrency: 1 })"),
    code: 'PLUGIN_INVALID',
  },
  {
    file: 'idle-runner.cjs',
    text: plugin('runner', "() => ({ id: 'wrong', concurrency: 0, run: async () => ({ status: 'done' }) })"),
    code: 'PLUGIN_MISBEHAVED',
  },
];

/** Names that cannot be plugins here, and what is said of them. */
export const rejectedAddresses = [
  { use: 'https://example.org/agent.js', says: 'is an address' },
  { use: './typed-agent.ts', says: 'is TypeScript' },
];
