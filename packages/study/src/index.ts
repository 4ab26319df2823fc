export { baselineName } from './baselines.js';
export { childProcessRunner } from './child-process-runner.js';
export type { ErrorBasis, Sample } from './error-of-mean.js';
export { mean, standardDeviation } from './moments.js';
export { paretoFront } from './pareto.js';
export { previewStudy, type StudyPreview } from './preview-study.js';
export { runStudy, type RunStudyOptions, type StudyProgress } from './run-study.js';
export { estimate, holm, pairedDifference, verdict, type Difference, type Estimate } from './statistics.js';
export {
  overridesOf,
  planStudy,
  trialId,
  type PlannedTrial,
  type StudyPlan,
  type Variant,
} from './study-plan.js';
export { studySchema, type Study } from './study-schema.js';
export type { VariantRow } from './compare-variants.js';
export { gatherResults, summarizeStudy, type StudyResults } from './study-results.js';
export { METRICS, type Metric, type TrialRow } from './trial-figures.js';
export type { Identify, StudyContentRecord } from './study-content.js';
export type { StudyRecord, TrialRecord } from './study-store.js';
export type { Trial, TrialOutcome, TrialRunner } from './trial-runner.js';
export { writeReport, writeRunReport, writeStudyReport } from './write-reports.js';
export { writeTensorBoard } from './write-tensorboard.js';
export { studyReport, type StudyReportInput } from './report/study-report.js';
export { probability } from './report/study-sentences.js';
