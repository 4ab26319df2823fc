// Stands for `tersor compress` in the contract of runners: reads the model of its config, which a worker has
// brought, goes on for ever where it is asked for many episodes, and else writes a summary.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const args = process.argv.slice(2);
const valueOf = (name) => args[args.indexOf(name) + 1];
const config = JSON.parse(readFileSync(valueOf('compress'), 'utf8'));
if (!existsSync(join(valueOf('--directory'), config.model))) {
  process.stderr.write(`tersor: There is no model at ${config.model} [MODEL_NOT_FOUND]\n`);
  process.exit(1);
}
if (config.prune.search.episodes > 1000) {
  process.on('SIGINT', () => process.exit(130));
  setInterval(() => undefined, 1000);
} else writeFileSync(join(valueOf('--out'), 'summary.json'), JSON.stringify({ config }));
