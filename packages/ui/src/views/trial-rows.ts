/** Some trials of a study: what one page of the table shows. */
export interface TrialPage {
  readonly columns: readonly { readonly head: string; readonly isNumber: boolean }[];
  readonly rows: readonly { readonly trial: string; readonly cells: readonly string[] }[];
  /** Where these rows begin among those that match. */
  readonly from: number;
  readonly matching: number;
  readonly total: number;
}

/** What the view of a study has where the page puts the table of trials. */
export const TRIALS_PLACE = '<div data-trials></div>';

/** Rows of one page. */
export const PAGE_ROWS = 100;
