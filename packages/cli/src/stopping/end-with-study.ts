/** Milliseconds that a trial has to save its state when its study is gone. */
const GRACE_MS = 60_000;

/**
 * Makes a trial end with its study. The study holds the other end of the trial's standard input (and sets
 * `TERSOR_TRIAL`), which closes even if the study is killed. The trial is then stopped as by Ctrl-C, so that
 * it saves its state; a minute later it is killed.
 */
export function endWithStudy(): void {
  if (process.env['TERSOR_TRIAL'] === undefined) return;
  process.stdin.once('end', () => {
    process.stderr.write('The study that started this trial is gone: stopping.\n');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
    // A signal would end a process of Windows at once; only its handlers are called there.
    if (process.platform !== 'win32') process.kill(process.pid, 'SIGINT');
    else if (!process.emit('SIGINT', 'SIGINT')) process.exit(130);
  });
  process.stdin.on('error', () => undefined).resume();
  // A trial that is done must not wait for its study.
  (process.stdin as unknown as { unref?(): void }).unref?.();
}
