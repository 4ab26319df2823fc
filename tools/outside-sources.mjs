// What tools/outside.mjs writes besides generated plugins.

/** Uses the library with no command line; the same text is compiled as ES module and as CommonJS. */
export const consumerSource = `
import { compress, slotsOfCompression } from '@tersor/compression';
import { compressConfigSchema, createHost, parseConfig } from '@tersor/core';
import { tmpdir } from 'node:os';
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
  const { baseline, compressed } = await compress({ config, directory, output: join(tmpdir(), \`tersor-consumer-\${process.pid}\`) });
  console.log(\`wired \${wired}, smaller \${compressed.macs < baseline.macs}\`);
}
void main();
`;

const plugin = (kind, create, extra = '') =>
  `const { z } = require('zod'); module.exports = { tersorPlugin: 1, name: 'wrong', kind: '${kind}', id: 'wrong', core: '>=0.1.0 <1.0.0', description: '', options: z.strictObject({}), create: ${create}${extra} };`;

/** A deliberately wrong plugin of each kind, and the code that refuses it. */
export const wrongPlugins = [
  { file: 'wrong-agent.cjs', kind: 'agent', code: 'PLUGIN_INVALID', text: plugin('agent', '() => ({})') },
  {
    file: 'wrong-environment.cjs',
    kind: 'environment',
    code: 'PLUGIN_FAILED',
    text: plugin('environment', "() => { throw new Error('no luck'); }"),
  },
  { file: 'wrong-pruner.mjs', kind: 'pruner', code: 'PLUGIN_FAILED', text: "throw new Error('at import');" },
  {
    file: 'wrong-quantizer.cjs',
    kind: 'quantizer',
    code: 'PLUGIN_CORE_MISMATCH',
    text: plugin('quantizer', '() => ({})', ", core: '>=9.0.0'"),
  },
  {
    file: 'wrong-backend.cjs',
    kind: 'backend',
    code: 'PLUGIN_INVALID',
    text: plugin('backend', "() => ({ id: 'wrong' })"),
  },
  {
    file: 'wrong-dataset.mjs',
    kind: 'dataset',
    code: 'PLUGIN_INVALID',
    text: 'export default { hello: 1 };',
  },
  {
    file: 'wrong-reward.cjs',
    kind: 'reward',
    code: 'PLUGIN_NOT_FOUND',
    text: plugin('pruner', '() => ({})'),
  },
];

/** Names that cannot be plugins here, and what is said of them. */
export const rejectedAddresses = [
  { use: 'https://example.org/agent.js', says: 'is an address' },
  { use: './typed-agent.ts', says: 'is TypeScript' },
];
