// Stands for `tersor compress`: says what it was given, and ends as the model of its config asks.
const { existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const [verbose, command, path, ...rest] = process.argv.slice(2);
const folder = rest[rest.indexOf('--out') + 1];
const directory = rest[rest.indexOf('--directory') + 1];
writeFileSync(join(folder, 'arguments.json'), JSON.stringify([verbose, command, path, ...rest]));
const config = JSON.parse(readFileSync(path, 'utf8'));
const kind = process.env.TRIAL_KIND ?? config.model;
if (kind === 'crash') throw new Error('crashed on purpose');
if (kind === 'thrown') {
  process.stderr.write(
    'some noise\ntersor: an earlier one\nsome noise\ntersor: The agent "x" threw [PLUGIN_FAILED]\n    at choose (/somewhere/agent.js:3:5)\n',
  );
  process.exit(1);
}
if (kind === 'deaf') {
  process.on('SIGINT', () => undefined);
  writeFileSync(join(folder, 'ready'), '');
  setTimeout(() => process.exit(1), 50_000);
}
if (kind === 'killed') process.kill(process.pid, 'SIGKILL');
if (kind === 'resumed') {
  writeFileSync(join(folder, 'seen.txt'), readFileSync(join(folder, 'checkpoint/state.json')));
  rmSync(join(folder, 'checkpoint'), { recursive: true });
}
if (kind === 'replaced') {
  // As `tersor` does for a backend that needs other environment variables.
  const { status } = require('node:child_process').spawnSync(
    process.execPath,
    [__filename, verbose, command, path, ...rest],
    { stdio: 'inherit', env: { ...process.env, TRIAL_KIND: 'slow' } },
  );
  process.exit(status ?? 2);
}
if (kind.endsWith('model.json') && !existsSync(join(directory, kind))) {
  process.stderr.write(`tersor: There is no model at ${kind} [MODEL_NOT_FOUND]\n`);
  process.exit(1);
}
if (kind === 'without-signals') {
  process.on('SIGINT', () => process.exit(1));
  process.stdin
    .once('end', () => {
      writeFileSync(join(folder, 'saved'), '');
      process.exit(130);
    })
    .resume();
  writeFileSync(join(folder, 'ready'), '');
} else if (kind === 'slow' || config.prune?.search.episodes > 1000) {
  process.on('SIGINT', () => {
    writeFileSync(join(folder, 'saved'), '');
    process.exit(130);
  });
  writeFileSync(join(folder, 'ready'), '');
  setTimeout(() => process.exit(1), 50_000);
} else if (kind !== 'deaf') writeFileSync(join(folder, 'summary.json'), JSON.stringify({ config }));
