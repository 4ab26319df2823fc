import { runStudy, type RunStudyOptions } from '../src/run-study.js';
import { folderStore } from '../src/results/result-store.js';
import type { StudyResults } from '../src/results/study-results.js';
import { identity, instantRunner, makeStudy } from './fixtures.js';

/**
 * Runs a study in a folder that `studyFolder` made, with trials that take no time.
 * @param changes what differs from the study of the fixtures
 */
export function runInFolder(
  { path, output }: { readonly path: string; readonly output: string },
  changes: object,
  options: Partial<RunStudyOptions>,
): Promise<StudyResults> {
  return runStudy({
    study: makeStudy(changes),
    path,
    store: folderStore(output),
    runner: instantRunner(),
    version: '1.2.3',
    identify: () => Promise.resolve(identity),
    ...options,
  });
}
