import { coordinate, offer, takeTrials, type SyntheticStudy, type Where } from './synthetic-study.js';

/** A process that a test kills: `coordinator` or `worker`, the study and where it runs as JSON. */
const [role, given] = process.argv.slice(2);
const { study, where } = JSON.parse(given!) as { readonly study: SyntheticStudy; readonly where: Where };
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const onNotice = (text: string) => void process.stdout.write(`${text}\n`);
const work =
  role === 'worker'
    ? takeTrials(study, where, { signal: stop.signal, onNotice, offered: { ...offer, name: 'elsewhere' } })
    : coordinate(study, where, { signal: stop.signal, onNotice });
void work.then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
