export { baselineName } from './results/baselines.js';
export { childProcessRunner, type ChildProcessOptions } from './trials/child-process-runner.js';
export { inLocalFolder } from './trials/local-folder.js';
export { openRunner, type OpenRunner, type OpenRunnerOptions } from './trials/open-runner.js';
export { withoutUrlPasswords } from './results/without-passwords.js';
export { createTurns, type Turns } from './trials/turns.js';
export { runnerPlugins } from './trials/runner-plugins.js';
export { copyFiles, replaceFiles } from './results/copy-files.js';
export { folderPlace } from './results/folder-place.js';
export { folderStore, type ResultStore } from './results/result-store.js';
export type { ErrorBasis, Sample } from './statistics/error-of-mean.js';
export { mean, standardDeviation } from './statistics/moments.js';
export { paretoFront } from './statistics/pareto.js';
export { previewStudy, type StudyPreview } from './preview-study.js';
export { runStudy, type RunStudyOptions } from './run-study.js';
export { runPart, type RunPartOptions } from './parts/run-part.js';
export { collectStudy, type CollectOptions } from './parts/collect-study.js';
export type { StudyProgress } from './trials/run-trials.js';
export {
  estimate,
  holm,
  pairedDifference,
  verdict,
  type Difference,
  type Estimate,
} from './statistics/statistics.js';
export { overridesOf, planStudy, trialId, type PlannedTrial, type StudyPlan } from './plan/study-plan.js';
export type { Variant } from './plan/variant.js';
export { halvingOf } from './plan/sampler.js';
export { studySchema, type Study } from './plan/study-schema.js';
export type { VariantRow } from './results/compare-variants.js';
export { gatherResults, summarizeStudy, trialRow, type StudyResults } from './results/study-results.js';
export { studyStatus, type StudyStatus } from './results/study-status.js';
export { METRICS, type Metric, type TrialRow } from './results/trial-figures.js';
export type { Identify, StudyContentRecord } from './plan/study-content.js';
export { readJson, readStudy, readTrial } from './results/study-store.js';
export { isStudyRecord, isTrialRecord, type StudyRecord, type TrialRecord } from './results/study-records.js';
export { readEpisodes, readRun, type EpisodeFigures, type Run } from './results/read-run.js';
export { isSummary, type EpisodeLine } from './results/run-records.js';
export { writeComparison, writeReport, writeRunReport, writeStudyReport } from './report/write-reports.js';
export { writeOptunaJournal } from './export/optuna-journal.js';
export { writeTensorBoard } from './export/tensorboard/write-tensorboard.js';
export { studyReport, type StudyReportInput } from './report/study-report.js';
export {
  chart,
  drawnAt,
  LEGEND,
  loadCharts,
  nameAxis,
  SYMBOLS,
  valueAxis,
  type ChartWidth,
} from './report/chart.js';
export { compareView, type NamedRun } from './report/compare-report.js';
export { escapeHtml } from './report/html.js';
export { pageBody, type PageContent, type Section } from './report/page.js';
export { ENHANCE } from './report/page-script.js';
export { PAGE_STYLE } from './report/page-style.js';
export { runView } from './report/run-report.js';
export { candidateChart, rewardChart } from './report/search-charts.js';
export { studyView } from './report/study-report.js';
export { curvesOf } from './report/learning-chart.js';
export { TRIAL_COLUMNS } from './report/study-tables.js';
export { table } from './report/table.js';
export { probability, seedsText } from './report/study-sentences.js';
