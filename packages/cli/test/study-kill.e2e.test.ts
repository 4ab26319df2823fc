import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StudyResults } from '@tersor/study';
import { startStudy } from './study-process.js';
import { createTinyProject } from './tiny-project.js';

const STUDY = `name: killed
config: compress.yaml
set: { prune.search.episodes: 40, quantize.search.episodes: 40 }
grid: { prune.budget.macs: [0.6, 0.7] }
seeds: [1]
output: out
`;

/** Processes whose command line names the folder, the study's own left out. */
async function trialProcesses(out: string): Promise<number[]> {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words.includes('compress') && words.some((word) => word.startsWith(join(out, 'trials'))))
      found.push(Number(pid));
  }
  return found;
}

async function until(holds: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await holds()) return true;
    await delay(50);
  }
  return false;
}

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'a study that is killed (SIGKILL) takes its trial along, which saves itself; resumed at once, every trial is done',
  async () => {
    const { folder } = await createTinyProject();
    const [path, out] = [join(folder, 'study.yaml'), join(folder, 'study')];
    try {
      await writeFile(path, STUDY);
      const first = startStudy(path, out);
      const hasBegun = async () =>
        (await readdir(join(out, 'trials')).catch(() => [])).length > 0 && (await checkpoints(out)) > 0;
      expect(await until(hasBegun, 240)).toBe(true);
      first.child.kill('SIGKILL');
      await first.ended;
      const [orphan] = await trialProcesses(out);
      const second = startStudy(path, out, '--resume');
      expect(await until(async () => !(await trialProcesses(out)).includes(orphan!), 120)).toBe(true);
      const { code, err } = await second.ended;
      expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('OUTPUT_LOCKED') });
      const { trials } = JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as StudyResults;
      expect(trials.map(({ status }) => status)).toEqual(['done', 'done']);
      const log = await readFile(join(out, 'trials', trials[0]!.trial, 'log.txt'), 'utf8');
      expect(log).toContain('The study that started this trial is gone');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);

async function checkpoints(out: string): Promise<number> {
  const trials = await readdir(join(out, 'trials'));
  const found = await Promise.all(
    trials.map((id) => readdir(join(out, 'trials', id, 'checkpoint')).catch(() => [])),
  );
  return found.flat().length;
}
