// What `tersor ui` takes with a study of 100 to 10,000 trials, in Chromium (`npm run build` first):
//   node --conditions=tersor/source --import tsx bench/studies/scale/ui.ts [trials...]
// Writes bench/studies/scale/ui.json; what is there of the same count is measured anew.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { PROGRAM } from '../../../packages/cli/test/program.js';
import { writeStudyFolder } from './study-folder.js';

const FILE = join(__dirname, 'ui.json');
const CHROMIUM = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** One measurement; times in milliseconds. */
export interface UiScale {
  readonly trials: number;
  /** From the start of the program until it says its address, with Node's own start. */
  readonly startMs: number;
  /** Until the list has the study. */
  readonly listMs: number;
  /** Opening the study for the first time: until its trials are there, and until its charts are. */
  readonly trialsMs: number;
  readonly chartsMs: number;
  /** The same once more, in a new tab. */
  readonly againMs: number;
  readonly sortMs: number;
  readonly filterMs: number;
  /** What the page of the study got from the server, and holds. */
  readonly bytes: number;
  readonly elements: number;
  /** Most memory of the server's process, and its processor time once nothing changes, in percent. */
  readonly serverPeakBytes: number;
  readonly idlePercent: number;
  readonly machine: string;
}

async function measure(trials: number, folder: string): Promise<UiScale> {
  const started = performance.now();
  const server = spawn(process.execPath, [...PROGRAM, 'ui', folder, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const browser = await chromium.launch({
    executablePath: CHROMIUM.find(existsSync)!,
    args: ['--no-sandbox'],
  });
  try {
    const url = String((await once(server.stdout, 'data'))[0]).split('\n')[0]!;
    const startMs = performance.now() - started;
    const page = await browser.newPage();
    let bytes = 0;
    page.on('response', (answer) => {
      if (!answer.url().includes('/api/items/')) return;
      const count = ({ length }: Buffer) => (bytes += length);
      answer.body().then(count, () => undefined); // The tab may be closed by now.
    });
    const listMs = await timed(async () => {
      await page.goto(url, { waitUntil: 'commit' });
      await page.locator('.list tbody tr').first().waitFor();
    });
    const opening = performance.now();
    await page.locator('.list tbody tr a').first().click();
    await page.locator('#trials + div tbody tr').first().waitFor();
    await painted(page);
    const trialsMs = performance.now() - opening;
    await page.locator('#front-bytes svg').first().waitFor({ state: 'attached' });
    await painted(page);
    const chartsMs = performance.now() - opening;
    const address = page.url();
    const elements = Number(await page.evaluate('document.querySelectorAll("*").length'));
    const rows = page.locator('#trials + div tbody tr');
    const sortMs = await timed(async () => {
      const before = await rows.first().textContent();
      await page.locator('#trials + div').getByRole('button', { name: 'bytes on disk' }).click();
      await changed(page, before);
    });
    const filterMs = await timed(async () => {
      await page.locator('#trials + div input[type=search]').fill('failed');
      await until(
        page,
        `[...document.querySelectorAll('#trials + div tbody tr')].every((row) => row.hidden || row.textContent.includes('failed'))`,
      );
    });
    const sent = bytes;
    const other = await browser.newPage();
    const againMs = await timed(async () => {
      await other.goto(address, { waitUntil: 'commit' });
      await other.locator('#front-bytes svg').first().waitFor({ state: 'attached' });
      await painted(other);
    });
    const pid = server.pid!;
    const [before, since] = [processorSeconds(pid), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const idlePercent = (1e5 * (processorSeconds(pid) - before)) / (performance.now() - since);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const serverPeakBytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
    return {
      ...{ trials, startMs, listMs, trialsMs, chartsMs, againMs, sortMs, filterMs, bytes: sent, elements },
      ...{ serverPeakBytes, idlePercent },
      machine: `${cpus()[0]!.model.trim()}, ${cpus().length} cores, Node ${process.version}`,
    };
  } finally {
    await browser.close();
    server.kill('SIGKILL');
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Waits until what is there is drawn. */
async function painted(page: Page): Promise<void> {
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))');
}

/** Waits until the first row of the trials is another one. */
async function changed(page: Page, before: string | null): Promise<void> {
  const row = `document.querySelector('#trials + div tbody tr')?.textContent`;
  await until(page, `${row} !== undefined && ${row} !== ${JSON.stringify(before)}`);
}

/** Waits until something holds. The page's policy lets no text be run as a function within it. */
async function until(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate(expression))) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Processor time of a process so far, user and system. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function main(): Promise<void> {
  const counts = process.argv.slice(2).map(Number);
  for (const trials of counts.length > 0 ? counts : [100, 1000, 10_000]) {
    const given = process.env['STUDY_FOLDER'];
    const folder = given ?? mkdtempSync(join(tmpdir(), 'tersor-scale-'));
    try {
      if (given === undefined) await writeStudyFolder(folder, trials);
      const found = await measure(trials, folder);
      const kept = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as UiScale[]) : [];
      const all = [...kept.filter((each) => each.trials !== trials), found].sort(
        (a, b) => a.trials - b.trials,
      );
      writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
      console.log(JSON.stringify(found));
    } finally {
      if (given === undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
}

void main();
