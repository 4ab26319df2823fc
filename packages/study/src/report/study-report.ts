import { grouped, percent } from '@tersor/core';
import type { NetworkFigures } from '@tersor/compression';
import { stringify } from 'yaml';
import type { StudyResults } from '../results/study-results.js';
import type { StudyRecord } from '../results/study-records.js';
import type { TrialRow } from '../results/trial-figures.js';
import { facetsOf, type Facet } from './facets.js';
import { duration, escapeHtml } from './html.js';
import { MOST, ofAll } from './most.js';
import { page, type PageContent, type Section } from './page.js';
import { learningChart, type Episodes } from './learning-chart.js';
import { bestVariants, differenceChart, frontChart, metricChart } from './study-charts.js';
import { conclusion, samplerText } from './study-sentences.js';
import { trialTable, variantTable } from './study-tables.js';
import { folded, table } from './table.js';

export interface StudyReportInput {
  readonly record: StudyRecord;
  readonly results: StudyResults;
  /** Figures of the original network; undefined until a trial is done. */
  readonly original: NetworkFigures | undefined;
  /** Episodes of the trials of the variants that `curvesOf` names. */
  readonly episodes: Episodes;
}

/** The report of a study as a self-contained HTML page. */
export function studyReport(input: StudyReportInput): string {
  return page(studyView(input));
}

/**
 * Content of the report of a study, finished or not.
 * @param trialList HTML to show in place of the table of trials, which does not have all of a large study
 */
export function studyView(
  { record, results, original, episodes }: StudyReportInput,
  trialList = trialsShown(results),
): PageContent {
  const { study } = record;
  const { variants, trials } = results;
  const facets = facetsOf(results, study.facet);
  const everywhere = (draw: (facet: Facet) => string) => facets.map(draw).join('');
  const done = trials.filter(({ status }) => status === 'done');
  const ranked = variants
    .filter(({ estimates }) => estimates.testAccuracy)
    .sort((a, b) => b.estimates.testAccuracy!.mean - a.estimates.testAccuracy!.mean);
  const best = ranked[0];
  const missing = trials.length - done.length;
  return {
    title: study.name,
    lead: [
      study.description,
      samplerText(record),
      study.seeds.length === 1 ? '1 seed each.' : `${study.seeds.length} seeds each.`,
    ]
      .filter(Boolean)
      .join(' '),
    tiles: [
      ...(best
        ? [
            {
              value: best.variant,
              label: `highest mean test accuracy: ${percent(best.estimates.testAccuracy!.mean)}`,
            },
          ]
        : []),
      ...(original
        ? [
            {
              value: percent(original.accuracy.test),
              label: `test accuracy of the original, ${grouped(original.bytes)} bytes, ${grouped(original.macs)} multiply-adds`,
            },
          ]
        : []),
      {
        value: `${done.length} of ${trials.length}`,
        label:
          missing > 0
            ? 'trials done; see below for the others'
            : `trials done in ${duration(done.reduce((sum, { figures }) => sum + (figures.seconds ?? 0), 0))} of computing`,
      },
    ],
    sections: [
      { id: 'result', title: 'Result', body: everywhere((facet) => resultOf(facet, results)) },
      {
        id: 'comparison',
        title: 'Variants compared',
        body: comparison(results, everywhere) || '<p>No trial is done yet.</p>',
      },
      {
        id: 'search',
        title: 'Search',
        body: search(results, episodes, everywhere) || '<p>No trial searched.</p>',
      },
      {
        id: 'fronts',
        title: 'Accuracy against size',
        body: frontChart('bytes', results) + frontChart('macs', results) || '<p>No trial is done yet.</p>',
      },
      { id: 'trials', title: 'Trials', body: trialList },
      ...failures(results),
      { id: 'setup', title: 'What was run', body: setup(record) },
    ],
  };
}

const COMPARED = [
  'testAccuracy',
  'bytes',
  'macs',
  'seconds',
  'episodesPerMinute',
  'peakResidentBytes',
] as const;

type Everywhere = (draw: (facet: Facet) => string) => string;

function resultOf({ title, results }: Facet, whole: StudyResults): string {
  const heading = title === undefined ? '' : `<h3>${escapeHtml(title)}</h3>`;
  const shown = bestVariants(results.variants, MOST.rows);
  const more = ofAll(shown.length, results.variants.length, 'variants');
  return (
    heading +
    variantTable(shown) +
    (more && `<p>${more.trim()} They have the highest test accuracy; results.json has all.</p>`) +
    conclusion(results, whole)
      .map((text) => `<p>${escapeHtml(text)}</p>`)
      .join('')
  );
}

function comparison(results: StudyResults, everywhere: Everywhere): string {
  const charts = COMPARED.map((metric) => everywhere((facet) => metricChart(metric, facet, results)));
  return charts.join('') + everywhere((facet) => differenceChart('testAccuracy', facet, results));
}

function search(results: StudyResults, episodes: Episodes, everywhere: Everywhere): string {
  const stages = (['prune', 'quantize'] as const).map(
    (stage) =>
      learningChart(stage, results.variants, episodes) +
      everywhere((facet) => metricChart(`${stage}Reward`, facet, results)),
  );
  return stages.join('');
}

/** A table of all trials or, if they are many, of those that are not done and the most accurate ones. */
function trialsShown({ trials }: StudyResults): string {
  if (trials.length <= MOST.rows) return trialTable(trials, 'Every trial');
  const accuracy = ({ figures }: TrialRow) => figures.testAccuracy ?? Infinity;
  const shown = [...trials].sort((a, b) => accuracy(b) - accuracy(a)).slice(0, MOST.rows);
  const what = ofAll(shown.length, trials.length, 'trials').trim();
  return `${trialTable(shown, 'Trials that are not done, and those with the highest test accuracy')}<p>${what} results.csv has all of them.</p>`;
}

function failures({ trials }: StudyResults): Section[] {
  const all = trials.filter(({ error }) => error !== undefined);
  if (all.length === 0) return [];
  const failed = all.slice(0, MOST.errors);
  const more = ofAll(failed.length, all.length, 'failures');
  const errors = failed.map(
    ({ variant, seed, error }) =>
      `<h3 class="bad">${escapeHtml(variant)}, seed ${seed} failed</h3><pre tabindex="0">${escapeHtml(error!)}</pre>`,
  );
  const rest = more && `<p>${more.trim()} The full messages are in log.txt in the trials' folders.</p>`;
  return [{ id: 'failures', title: 'What failed', body: errors.join('') + rest }];
}

function setup({ study, versions, machine }: StudyRecord): string {
  const facts = [...Object.entries(versions), ['machine', machine] as const].map(([name, value]) => ({
    name,
    value,
  }));
  return (
    table('Versions and machine', facts, [
      { head: 'what', text: ({ name }) => name },
      { head: 'value', text: ({ value }) => value },
    ]) + folded('The study file', `<pre tabindex="0">${escapeHtml(stringify(study))}</pre>`)
  );
}
