// Stands for `tersor compress`: says what it was given, and ends as its config path asks.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const [verbose, command, config, ...rest] = process.argv.slice(2);
const folder = rest[rest.indexOf('--out') + 1];
writeFileSync(join(folder, 'arguments.json'), JSON.stringify([verbose, command, config, ...rest]));
if (config === 'crash') throw new Error('crashed on purpose');
if (config === 'thrown') {
  process.stderr.write(
    'some noise\ntersor: an earlier one\nsome noise\ntersor: The agent "x" threw [PLUGIN_FAILED]\n    at choose (/somewhere/agent.js:3:5)\n',
  );
  process.exit(1);
}
if (config === 'deaf') {
  process.on('SIGINT', () => undefined);
  writeFileSync(join(folder, 'ready'), '');
  setTimeout(() => process.exit(1), 50_000);
}
if (config === 'killed') process.kill(process.pid, 'SIGKILL');
if (config === 'replaced') {
  // As `tersor` does for a backend that needs other environment variables.
  const { status } = require('node:child_process').spawnSync(
    process.execPath,
    [__filename, verbose, command, 'slow', ...rest],
    { stdio: 'inherit' },
  );
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
