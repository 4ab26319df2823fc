import type { Watched } from '../items/watch-items.js';
import { missing } from './missing.js';
import { pageOf, pageStart, trialPage, type TrialQuery } from './trial-page.js';
import { PAGE_ROWS, type TrialPage } from './trial-rows.js';

/**
 * Some of the trials of a study, as a table shows them. Throws `CONFIG_NOT_FOUND` for what is not a study.
 */
export async function trialsOf({ item, reader }: Watched, query: TrialQuery): Promise<TrialPage> {
  if (!('study' in reader)) throw missing(`study ${item.name}`);
  const { content } = reader.study;
  // What is asked for first is there before everything is read.
  if (!query.sort && !query.filter && !query.status) {
    const { from } = query;
    const some = await content.some(pageStart(from, Infinity), PAGE_ROWS);
    const isThere = some.rows.length > 0 || some.total === 0;
    if (isThere)
      return pageOf(some.rows, {
        from: pageStart(from, some.total),
        matching: some.total,
        total: some.total,
      });
  }
  return trialPage(await content.rows(), query);
}
