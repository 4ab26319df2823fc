import { parentPort } from 'node:worker_threads';
import { isTersorError, messageOf } from '@tersor/core';
import { loadCharts } from '@tersor/study';
import { createViews } from '../views/item-view.js';
import type { Asked, Drawn } from './drawing.js';

/** A thread that reads what is to be drawn, and draws it. */
const views = createViews();
loadCharts();

parentPort!.on('message', ({ id, drawing, width }: Asked) => {
  views.draw(drawing, width).then(
    (view) => answer({ id, view }),
    (error: unknown) => {
      const known = isTersorError(error) && { code: error.code, ...(error.hint && { hint: error.hint }) };
      answer({ id, error: { message: messageOf(error), ...known } });
    },
  );
});

function answer(drawn: Drawn): void {
  parentPort!.postMessage(drawn);
}
