// Updates per second of DDPG (300-300, batch 64, 11 observations), beside the same update in PyTorch, one
// thread each, taken in turns. Run: node --conditions=tersor/source --import tsx bench/agents/rate.ts <python
// with bench/reference/requirements.txt>
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { AgentTask } from '../../packages/core/src/index.js';
import { createRandom } from '@tersor/core';
import ddpg, { DdpgAgent } from '../../plugins/agent-ddpg/src/index.js';
import { median } from '../median.js';

const OBSERVATIONS = 11;
const STEPS = 60;
const ROUNDS = 5;
const TURNS = 2;

interface Rates {
  readonly updatesPerSecond: number[];
  /** By the processor's time: what the rate is where nothing else runs. */
  readonly updatesPerCpuSecond: number[];
}

const unit = (size: number) => ({
  type: 'box' as const,
  low: Array<number>(size).fill(0),
  high: Array<number>(size).fill(1),
});

function ours(): Rates {
  const task: AgentTask = {
    observationSpace: unit(OBSERVATIONS),
    actionSpace: unit(1),
    maxSteps: STEPS,
    episodes: 1000,
    seed: 1,
  };
  const agent = new DdpgAgent(ddpg.options.parse({ warmup: 1 }), task);
  const random = createRandom(1, 'bench');
  const draw = () => Array.from({ length: OBSERVATIONS }, () => random.uniform());
  /** One episode, and the seconds of wall clock and processor that its updates took. */
  const episode = () => {
    let observation = draw();
    for (let step = 1; step <= STEPS; step++) {
      const action = agent.act(observation, { explore: true });
      const nextObservation = draw();
      agent.observe({
        observation,
        action,
        proposed: action,
        reward: random.uniform(),
        nextObservation,
        terminated: step === STEPS,
        truncated: false,
      });
      observation = nextObservation;
    }
    const [wall, busy] = [performance.now(), process.cpuUsage()];
    agent.learn();
    const { user, system } = process.cpuUsage(busy);
    return { wall: STEPS / ((performance.now() - wall) / 1000), busy: STEPS / ((user + system) / 1e6) };
  };
  // The first does not learn, the next two let the compiler see the loops.
  for (let i = 0; i < 3; i++) episode();
  const measured = Array.from({ length: ROUNDS }, episode);
  return {
    updatesPerSecond: measured.map(({ wall }) => wall),
    updatesPerCpuSecond: measured.map(({ busy }) => busy),
  };
}

function torch(python: string): Rates & { readonly torch: string } {
  const output = execFileSync(python, [join(__dirname, '../reference/ddpg-torch.py'), '1'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output) as Rates & { torch: string };
}

function summary(turns: readonly Rates[]) {
  const tenths = (values: readonly number[]) => Number(median(values).toFixed(1));
  return {
    updatesPerSecond: tenths(turns.flatMap((turn) => turn.updatesPerSecond)),
    updatesPerCpuSecond: tenths(turns.flatMap((turn) => turn.updatesPerCpuSecond)),
  };
}

function main(python: string): void {
  const turns = Array.from({ length: TURNS }, () => ({ own: ours(), reference: torch(python) }));
  const [tersor, pytorch] = [
    summary(turns.map(({ own }) => own)),
    summary(turns.map(({ reference }) => reference)),
  ];
  const result = {
    command: 'node --conditions=tersor/source --import tsx bench/agents/rate.ts <python>',
    machine: cpus()[0]!.model,
    node: process.version,
    torch: turns[0]!.reference.torch,
    threads: 1,
    tersor,
    pytorch,
    // Of processor time: the wall clock also shows what else ran.
    shareOfPytorch: Number((tersor.updatesPerCpuSecond / pytorch.updatesPerCpuSecond).toFixed(2)),
  };
  mkdirSync(join(__dirname, 'results'), { recursive: true });
  writeFileSync(join(__dirname, 'results/rate.json'), `${JSON.stringify(result, undefined, 1)}\n`);
  console.log(result);
}

main(process.argv[2] ?? 'python3');
