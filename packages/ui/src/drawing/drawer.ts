import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { messageOf, startThread, TersorError } from '@tersor/core';
import type { ChartWidth, PageContent } from '@tersor/study';
import type { Asked, Drawing, Drawn } from './drawing.js';

/**
 * Draws in a thread of its own: the charts of thousands of trials take seconds, in which the server answers
 * and live progress goes on.
 */
export interface Drawer {
  /** Throws `CONFIG_NOT_FOUND` if the files are gone. */
  draw(drawing: Drawing, width: ChartWidth): Promise<PageContent>;
  /** Starts the thread, so that the first drawing does not wait for it. */
  prepare(): void;
  close(): Promise<void>;
}

/** The thread is started when a page is open or a drawing is asked for, and anew should it end. */
export function createDrawer(): Drawer {
  interface Waiting {
    resolve(view: PageContent): void;
    reject(error: Error): void;
  }
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let nextId = 0;
  const settle = (drawn: Drawn) => {
    const { resolve, reject } = waiting.get(drawn.id)!;
    waiting.delete(drawn.id);
    if ('view' in drawn) return resolve(drawn.view);
    const { message, code, hint } = drawn.error;
    reject(code ? new TersorError(code, message, { ...(hint && { hint }) }) : new Error(message));
  };
  const start = (): Worker => {
    const started = startThread(join(__dirname, 'thread'));
    let why = 'it was stopped';
    started.on('message', settle);
    started.on('error', (error) => (why = messageOf(error)));
    started.on('exit', () => {
      thread = undefined;
      for (const { reject } of waiting.values())
        reject(new Error(`The thread that draws has ended: ${why}.`));
      waiting.clear();
    });
    return started;
  };
  return {
    draw: (drawing, width) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        thread ??= start();
        thread.postMessage({ id, drawing, width } satisfies Asked);
      }),
    prepare: () => void (thread ??= start()),
    close: async () => void (await thread?.terminate()),
  };
}
