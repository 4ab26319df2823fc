import type { ErrorCode } from '@tersor/core';
import type { ChartWidth, PageContent } from '@tersor/study';
import type { FoundFolder } from '../items/item.js';

/** What is to be drawn: only folders and names, since a thread draws it. */
export type Drawing =
  | { readonly kind: FoundFolder['kind'] | 'trial'; readonly folder: string; readonly name: string }
  | { readonly kind: 'comparison'; readonly runs: readonly ComparedRun[] };

/** A finished run that is compared. */
export interface ComparedRun {
  readonly folder: string;
  readonly name: string;
}

/** What the thread is asked, and its answer. */
export interface Asked {
  readonly id: number;
  readonly drawing: Drawing;
  readonly width: ChartWidth;
}

export type Drawn = { readonly id: number } & (
  | { readonly view: PageContent }
  | { readonly error: { readonly message: string; readonly code?: ErrorCode; readonly hint?: string } }
);
