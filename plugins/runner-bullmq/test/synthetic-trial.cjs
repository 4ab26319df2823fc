// Stands for `tersor compress`, with its ways: a lock on the output folder, a checkpoint after every step,
// SIGINT and the end of standard input save and end it, summary.json last. Its figures come from a chain of
// hashes over its settings and its model, so that a step that is lost, done twice or begun from elsewhere shows
// in the results.
const { createHash } = require('node:crypto');
const {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');
const { tryLock } = require('fs-native-extensions');

const args = process.argv.slice(2);
const valueOf = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const [folder, directory] = [valueOf('--out'), valueOf('--directory')];
const config = JSON.parse(readFileSync(args[args.indexOf('compress') + 1], 'utf8'));
const stepMs = Number(process.env.SYNTHETIC_STEP_MS ?? 40);
const version = process.env.SYNTHETIC_VERSION ?? '1.2.3';

function fail(message, code) {
  process.stderr.write(`tersor: ${message} [${code}]\n`);
  process.exit(1);
}

const expected = valueOf('--inputs') && JSON.parse(readFileSync(valueOf('--inputs'), 'utf8'));
if (expected && expected.tersor !== version)
  fail(`Tersor was ${expected.tersor} and is now ${version}.`, 'INPUTS_MISMATCH');
const lock = openSync(join(folder, '.lock'), 'w');
if (!tryLock(lock, 2 ** 30, 1)) fail(`The output folder ${folder} is in use.`, 'OUTPUT_LOCKED');
const model = join(directory, config.model);
if (!existsSync(model)) fail(`There is no model at ${config.model}.`, 'MODEL_NOT_FOUND');

const digest = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
const saved = join(folder, 'checkpoint/state.json');
let state = existsSync(saved)
  ? JSON.parse(readFileSync(saved, 'utf8'))
  : { step: 0, chain: digest(readFileSync(model, 'utf8'), config.seed, config.prune), lines: [] };

function write(name, text) {
  const path = join(folder, name);
  try {
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    rmSync(`${path}.tmp`, { force: true });
    fail(`${path} cannot be written: ${error.message}`, 'OUTPUT_FAILED');
  }
}

function save() {
  mkdirSync(join(folder, 'checkpoint'), { recursive: true });
  write('checkpoint/state.json', JSON.stringify(state));
}

const HALF = 6;
let isStopped = false;
const stop = () => (isStopped = true);
process.on('SIGINT', stop);
if (process.env.TERSOR_TRIAL)
  process.stdin
    .once('end', stop)
    .on('error', () => undefined)
    .resume()
    .unref?.();

function step() {
  if (isStopped) {
    save();
    process.exit(130);
  }
  if (state.step === config.prune.search.episodes) return finish();
  // A test that kills it holds it half-way, however slow the machine is.
  if (state.step === HALF && existsSync(`${process.env.SYNTHETIC_JOURNAL}.held`)) {
    setTimeout(step, stepMs);
    return undefined;
  }
  const chain = digest(state.chain, state.step);
  const reward = parseInt(chain.slice(0, 6), 16) / 2 ** 24;
  const measures = { accuracy: reward, macs: 1e6, parameters: 1e4, bytes: 4e4 };
  const line = {
    stage: 'prune',
    episode: state.step + 1,
    actions: [[0.5]],
    reward,
    measures,
    policy: [],
    statistics: {},
    seconds: 0.1,
  };
  state = { step: state.step + 1, chain, lines: [...state.lines.slice(-20), line] };
  save();
  setTimeout(step, stepMs);
}

function finish() {
  const part = (from) => parseInt(state.chain.slice(from, from + 6), 16);
  const figures = (test, bytes) => ({
    accuracy: { validation: test, test },
    parameters: bytes / 4,
    macs: 4 * bytes,
    macsWithoutZeroSlices: 4 * bytes,
    bytes,
  });
  const accuracy = part(0) / 2 ** 24;
  const summary = {
    baseline: figures(0.85, 600_000),
    compressed: figures(accuracy, 1000 + (part(6) % 100_000)),
    ratio: { parameters: 2, macs: 2, bytes: 2 },
    search: {
      prune: {
        agent: config.prune.agent.use,
        episodes: state.step,
        evaluations: state.step,
        bestReward: accuracy,
        seconds: 1,
      },
    },
    seed: config.seed,
    backend: 'wasm',
    plugins: [],
    versions: { node: process.version },
    machine: 'a machine',
    seconds: 1,
    peakResidentBytes: 1e6,
    config,
    ...(expected && { identity: expected }),
  };
  write('episodes.jsonl', state.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  write('layers.json', '[]');
  write('summary.json', JSON.stringify(summary));
  rmSync(join(folder, 'checkpoint'), { recursive: true, force: true });
  rmSync(join(folder, '.lock'), { force: true });
  process.exit(0);
}

// Not among the results: which process did which steps of what. Whoever reads that it has begun may stop it.
if (process.env.SYNTHETIC_JOURNAL)
  appendFileSync(
    process.env.SYNTHETIC_JOURNAL,
    `${JSON.stringify({ pid: process.pid, seed: config.seed, agent: config.prune.agent.use, from: state.step })}\n`,
  );

// One that takes its process along each time.
if (process.env.SYNTHETIC_POISON === `${config.prune.agent.use} ${config.seed}`)
  process.kill(process.pid, 'SIGKILL');

step();
