import { liveView } from './live-view.js';

it.each([
  ['2026-11-27T16:41:34.114Z', '2026-11-27 16:41 UTC'],
  ['some time ago', 'some time ago'],
])('says since when a process has a run: %s', (since, shown) => {
  const holder = { pid: 5, host: 'box', since, isHere: true };
  const { lead } = liveView('a run', { status: 'running', changed: 0, holder, live: undefined });
  expect(lead).toContain(`Process 5 on box, since ${shown}.`);
});
