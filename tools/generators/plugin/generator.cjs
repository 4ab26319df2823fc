// `nx g @tersor/tools:plugin <kind> <id>`: the templates of create-tersor-plugin, in the layout of this
// repository. Read from source, so nothing must be built.
const { register } = require('tsx/cjs/api');

module.exports = async function plugin(tree, { kind, id }) {
  const unregister = register();
  try {
    const { pluginFiles, problemOf } = require('../../../packages/create-plugin/src/index.ts');
    const problem = problemOf({ kind, id });
    if (problem) throw new Error(problem);
    const folder = `plugins/${kind}-${id}`;
    if (tree.exists(folder)) throw new Error(`${folder} exists.`);
    for (const [path, text] of Object.entries(pluginFiles({ kind, id, layout: 'workspace' })))
      tree.write(`${folder}/${path}`, text);
    tree.write(`${folder}/LICENSE`, tree.read('LICENSE'));
    return () => console.log(`Next: npm install && npx nx sync && npx nx test ${kind}-${id}`);
  } finally {
    unregister();
  }
};
