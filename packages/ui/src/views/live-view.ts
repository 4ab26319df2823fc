import { percent } from '@tersor/core';
import type { LiveEpisode, LiveStart } from '@tersor/compression';
import {
  candidateChart,
  escapeHtml,
  rewardChart,
  type EpisodeFigures,
  type PageContent,
  type Section,
} from '@tersor/study';
import type { RunFacts } from '../items/read-run-item.js';
import type { LiveState } from '../items/live-reader.js';
import { policyChart } from './policy-chart.js';

type Stage = LiveEpisode['stage'];
const STAGES: readonly Stage[] = ['prune', 'quantize'];

/** The view of an unfinished run: running, stopped or failed. */
export function liveView(name: string, facts: RunFacts): PageContent {
  const { live, status, detail, holder } = facts;
  const who = holder ? `Process ${holder.pid} on ${holder.host}, since ${minuteOf(holder.since)}.` : '';
  const searched = STAGES.map((stage) => ({ stage, lines: linesOf(live, stage) })).filter(
    ({ lines }) => lines.length > 0,
  );
  const last = searched.at(-1);
  const best = last && bestOf(last.lines);
  const baseline = live?.start?.baseline;
  return {
    title: name,
    lead: [`${capital(status)}: ${detail ?? ''}.`, who].filter(Boolean).join(' '),
    tiles: [
      ...(facts.progress
        ? [
            {
              value: `${facts.progress.done} of ${facts.progress.total}`,
              label: `${facts.progress.of}, ${detail ?? ''}`,
            },
          ]
        : []),
      ...(best
        ? [{ value: best.reward.toFixed(4), label: `best reward so far, episode ${best.episode}` }]
        : []),
      ...(baseline
        ? [
            {
              value: percent(baseline.accuracy.validation),
              label: 'validation accuracy of the original',
            },
          ]
        : []),
    ],
    sections: [
      ...failureSection(facts),
      {
        id: 'search',
        title: 'Search',
        body:
          searched.map(({ stage, lines }) => rewardChart(stage, lines)).join('') ||
          '<p>No episode is done yet.</p>',
      },
      ...(searched.length > 0 && baseline
        ? [
            {
              id: 'candidates',
              title: 'Accuracy against size',
              body: searched
                .map(({ stage, lines }) =>
                  candidateChart(stage, lines, { baseline, search: {}, isLive: true }),
                )
                .join(''),
            },
          ]
        : []),
      ...(best
        ? [{ id: 'layers', title: 'Layers of the best so far', body: policyChart(last.stage, best) }]
        : []),
      ...noticeSection(live?.notices),
      ...setupSection(live?.start),
    ],
  };
}

/** Why something failed; nothing where it did not. */
export function failureSection({ status, detail = '' }: Pick<RunFacts, 'status' | 'detail'>): Section[] {
  if (status !== 'failed') return [];
  const body = `<pre class="bad" tabindex="0">${escapeHtml(detail)}</pre>`;
  return [{ id: 'failure', title: 'Why it failed', body }];
}

/** Episodes of a stage, numbered through all rounds as in the results. */
function linesOf(live: LiveState | undefined, stage: Stage): EpisodeFigures[] {
  const own = live?.episodes.filter((each) => each.stage === stage) ?? [];
  return own.map((each, at) => ({ ...each, episode: at + 1 }));
}

function bestOf(lines: readonly EpisodeFigures[]): EpisodeFigures {
  const round = lines.at(-1)!.round;
  return lines
    .filter((line) => line.round === round)
    .reduce((best, line) => (line.reward > best.reward ? line : best));
}

/** What was noted on the way; nothing where nothing was. */
export function noticeSection(notices: LiveState['notices'] = []): Section[] {
  if (notices.length === 0) return [];
  const list = notices.map(({ at, text }) => `<li><time>${escapeHtml(at)}</time> ${escapeHtml(text)}</li>`);
  return [{ id: 'notices', title: 'Notes', body: `<ul>${list.join('')}</ul>` }];
}

/** What is run, and how it was started. */
export function setupSection(
  start: (Pick<LiveStart, 'command' | 'backend'> & { readonly config: object }) | undefined,
): Section[] {
  if (!start) return [];
  const { command, config, backend } = start;
  const how = command
    ? `<p>Started as <code>tersor ${escapeHtml(command.args.join(' '))}</code> in <code>${escapeHtml(command.directory)}</code>.</p>`
    : '';
  const text = escapeHtml(JSON.stringify(config, undefined, 2));
  return [
    {
      id: 'setup',
      title: 'What is run',
      body: `<p>Backend ${escapeHtml(backend)}.</p>${how}<details><summary>The whole config</summary><pre tabindex="0">${text}</pre></details>`,
    },
  ];
}

/** With a capital at its beginning. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Such as "2026-11-27 16:41 UTC": the reader's zone is not that of the server. */
function minuteOf(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
