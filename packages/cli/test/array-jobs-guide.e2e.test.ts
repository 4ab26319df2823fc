import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudyResults } from '@tersor/study';
import { parse } from 'yaml';
import { shellBlocks } from './doc-commands.js';
import { PROGRAM } from './program.js';
import { createTinyProject } from './tiny-project.js';

jest.setTimeout(600_000);

const PAGE = join(__dirname, '../../../docs/guide/array-jobs.md');
const TRIALS = 8;
const STUDY = `name: jobs
config: compress.yaml
set: { prune.finetune.epochs: 0, quantize.finetune.epochs: 0, prune.search.episodes: 3, quantize.search.episodes: 2 }
grid: { prune.budget.macs: [0.6, 0.7] }
seeds: [1, 2, 3, 4]
output: out/study
`;

interface Job {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: [{ readonly command: string[] }] } };
  };
}

test('docs/guide/array-jobs.md, word for word: its commands, and what its two job files start', async () => {
  const { folder } = await createTinyProject();
  const text = readFileSync(PAGE, 'utf8');
  const bin = join(folder, 'bin');
  const run = (program: string, args: readonly string[], environment: Record<string, string> = {}) => {
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, ...environment };
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  const line = (command: string, environment?: Record<string, string>) =>
    run('bash', ['-c', command], environment);
  try {
    await mkdir(bin);
    // `npx tersor`, from the sources of this checkout.
    const program = [process.execPath, ...PROGRAM].map((each) => `'${each}'`).join(' ');
    await writeFile(join(bin, 'npx'), `#!/bin/sh\nshift\nexec ${program} "$@"\n`);
    await chmod(join(bin, 'npx'), 0o755);
    await writeFile(join(folder, 'study.yaml'), STUDY);
    const [commands, joining] = shellBlocks(PAGE, text).map((block) => block.text.trim());
    const [dryRun, one, part, collect] = commands!.split('\n') as [string, string, string, string];

    expect(line(dryRun)).toMatchObject({ status: 0, said: expect.stringContaining(`${TRIALS} trials`) });
    // The eighth, and the fourth of 20 parts.
    expect(line(one)).toMatchObject({ status: 0 });
    expect(line(part)).toMatchObject({ status: 0 });
    const early = line(collect);
    expect(early.status).not.toBe(0);
    expect(early.said).toMatch(/0.*1.*2.*4.*5.*6/s);

    // What Slurm starts for each index of an array, in the environment that it gives.
    const slurm = /```text\n(#!\/bin\/bash\n#SBATCH.*?)```/s.exec(text)![1]!;
    await writeFile(join(folder, 'job.sh'), slurm);
    for (const index of [0, 1, 2]) {
      const environment = { SLURM_ARRAY_TASK_ID: String(index), SLURM_CPUS_PER_TASK: '2' };
      expect(run('bash', ['job.sh'], environment)).toMatchObject({ status: 0 });
    }
    // What Kubernetes starts for each index of a job; the claim is mounted at /results there.
    const job = parse(/```yaml\n(apiVersion: batch\/v1.*?)```/s.exec(text)![1]!) as Job;
    const [{ command }] = job.spec.template.spec.containers;
    const [shell, ...args] = command.map((each) => each.replace('/results', join(folder, 'out/study')));
    for (const index of [4, 5, 6])
      expect(run(shell!, args, { JOB_COMPLETION_INDEX: String(index) })).toMatchObject({ status: 0 });

    expect(line(collect)).toMatchObject({ status: 0 });
    const read = async (out: string, name: string) => readFile(join(folder, out, name), 'utf8');
    const { trials } = JSON.parse(await read('out/study', 'results.json')) as StudyResults;
    expect(trials.map(({ status }) => status)).toEqual(Array(TRIALS).fill('done'));

    // The same as a folder for each of three jobs, which have no disk in common.
    const ids = await readdir(join(folder, 'out/study/trials'));
    for (const number of [0, 1, 2]) {
      const own = join(folder, `job-${number}`);
      await cp(join(folder, 'out/study'), own, { recursive: true });
      for (const name of ['results.json', 'results.csv', 'report.html']) await rm(join(own, name));
      for (const [i, id] of ids.entries())
        if (i % 3 !== number) await rm(join(own, 'trials', id), { recursive: true });
    }
    expect(line(joining!)).toMatchObject({ status: 0 });
    expect(JSON.parse(await read('all', 'results.json'))).toEqual(
      JSON.parse(await read('out/study', 'results.json')),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
