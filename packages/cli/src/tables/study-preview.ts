import type { PlannedTrial, StudyPreview } from '@tersor/study';

/** Text of what a study would run. */
export function previewText({ variants, trials, most, secondsLeft }: StudyPreview, limit: number): string {
  const done = trials.filter(({ status }) => status === 'done').length;
  const waiting = trials.length - done;
  const lines = trials.map(({ trial: { id, seed }, variants: names, status }) => {
    const state = status === 'missing' ? 'to run' : status === 'done' ? 'done' : `${status}, to run`;
    return `${id}  ${state}  seed ${seed}  ${names.join(' = ')}`;
  });
  const time =
    secondsLeft === undefined || waiting === 0
      ? ''
      : `, about ${roughly(secondsLeft)} judging by those that are done`;
  const rest =
    most > trials.length ? ` Then up to ${most - trials.length} more, of the variants that do best.` : '';
  const over = most > limit ? `\nMore than its limit of ${limit}: --yes is needed.` : '';
  return `${lines.join('\n')}\n${variants.length} variants, ${trials.length} trials: ${done} done, ${waiting} to run${time}.${rest}${over}\nNothing was run (--dry-run).\n`;
}

/** The settings of a trial, written as on the command line. */
export function settingsText(settings: PlannedTrial['settings']): string {
  const { seed: _seed, ...varied } = settings;
  return Object.entries(varied)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(' ');
}

/** Text of an estimated duration. */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 90 * 60 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
