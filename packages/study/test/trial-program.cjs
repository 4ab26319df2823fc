// Stands for `tersor compress`: says what it was given, and ends as its config path asks.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const [command, config, ...rest] = process.argv.slice(2);
const folder = rest[rest.indexOf('--out') + 1];
writeFileSync(join(folder, 'arguments.json'), JSON.stringify([command, config, ...rest]));
if (config === 'crash') throw new Error('crashed on purpose');
if (config === 'killed') process.kill(process.pid, 'SIGKILL');
if (config === 'replaced') {
  // As `tersor` does for a backend that needs other environment variables.
  const { status } = require('node:child_process').spawnSync(process.execPath, [__filename, command, 'slow', ...rest], { stdio: 'inherit' });
  process.exit(status ?? 2);
}
if (config === 'slow') {
  process.on('SIGINT', () => {
    writeFileSync(join(folder, 'saved'), '');
    process.exit(130);
  });
  writeFileSync(join(folder, 'ready'), '');
  setTimeout(() => process.exit(1), 50_000);
}
