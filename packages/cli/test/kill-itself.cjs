// node --require ./kill-itself.cjs PROGRAM, with a `Kill` of killed-program.ts as JSON in KILL_ITSELF: ends
// this process (SIGKILL) where it has written a text to the standard error. One that another process kills
// from outside is done before that on a machine with much else to do.
const { isMainThread, Worker } = require('node:worker_threads');

const given = process.env.KILL_ITSELF;
if (isMainThread && given) {
  delete process.env.KILL_ITSELF; // Not for the programs that this one starts.
  const { after, atOnce, wait } = JSON.parse(given);
  const kill = wait === undefined ? () => process.kill(process.pid, 'SIGKILL') : killLater(wait);
  let written = '';
  const { write } = process.stderr;
  process.stderr.write = function (text, ...rest) {
    const answer = write.call(this, text, ...rest);
    written += String(text);
    const from = written.indexOf(after);
    if (from >= 0 && (atOnce || /\n {2}\d+\/\d+ /.test(written.slice(from)))) kill();
    return answer;
  };
}

/** A thread that kills its process some milliseconds after the call, whatever that does at that moment. */
function killLater(wait) {
  const called = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { called, wait } = require('node:worker_threads').workerData;
    Atomics.wait(called, 0, 0);
    Atomics.wait(called, 0, 1, wait);
    process.kill(process.pid, 'SIGKILL');
  `;
  new Worker(code, { eval: true, execArgv: [], workerData: { called, wait } }).unref();
  return () => {
    Atomics.store(called, 0, 1);
    Atomics.notify(called, 0);
  };
}
