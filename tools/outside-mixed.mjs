// What tools/outside.mjs does with ES modules and CommonJS in one process: there is one copy of core for
// both, whatever a plugin is written in.

/** A reward that hands out the core that it got. */
const plugin = (id) => `definePlugin({
  name: 'mixed',
  kind: 'reward',
  id: '${id}',
  core: '>=0.1.0 <1.0.0',
  description: '',
  options: z.strictObject({}),
  create: () => ({ id: '${id}', evaluate: () => 0, core: { TersorError, TOKENS } }),
})`;

const use = `
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { loadPlugin, TersorError, TOKENS } from '@tersor/core';
import agent from '@tersor/agent-ddpg';
import { ArtifactError } from '@tersor/runtime';

const require = createRequire(import.meta.url);
const required = require('@tersor/core');
assert.equal(required.TersorError, TersorError, 'import and require give two cores');
assert.equal(required.TOKENS, TOKENS, 'import and require give two cores');
assert.equal(require('@tersor/runtime').ArtifactError, ArtifactError, 'import and require give two runtimes');
assert.equal(agent.kind, 'agent', 'the default import of a plugin is not the plugin');
assert.equal(agent, require('@tersor/agent-ddpg').default, 'import and require give two plugins');
for (const file of ['./mixed/reward.mjs', './mixed/reward.cjs']) {
  const { plugin } = await loadPlugin('reward', file, [process.cwd()]);
  const { core } = plugin.create({});
  assert.deepEqual([core.TersorError, core.TOKENS], [TersorError, TOKENS], file + ' got another core');
  assert.equal((await required.loadPlugin('reward', file, [process.cwd()])).plugin, plugin, file);
}
console.log('one core');
`;

/** Throws unless plugins of both kinds, and both kinds of programs, get the same @tersor/core. */
export function useMixed(inside, write) {
  const module = [
    `import { definePlugin, TersorError, TOKENS } from '@tersor/core';`,
    `import { z } from 'zod';`,
  ];
  const common = [
    `const { definePlugin, TersorError, TOKENS } = require('@tersor/core');`,
    `const { z } = require('zod');`,
  ];
  write('mixed/reward.mjs', [...module, `export default ${plugin('module')};`].join('\n'));
  write('mixed/reward.cjs', [...common, `module.exports = ${plugin('common')};`].join('\n'));
  write('mixed/use.mjs', use);
  const said = inside('node', ['mixed/use.mjs']);
  if (!said.includes('one core')) throw new Error(`the mixed program said: ${said}`);
}
