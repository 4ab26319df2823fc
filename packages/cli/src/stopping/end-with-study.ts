/** How long a run has to save itself when its study is gone. */
const GRACE_MS = 60_000;

/**
 * A trial ends with its study, however that ends: the study holds the other end of a trial's standard input
 * (and says so in `TERSOR_TRIAL`), which closes even when it is killed. The trial is then stopped as by
 * Ctrl-C, and so saves itself; a minute later it is killed.
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
  // A trial that is done does not wait for its study.
  (process.stdin as unknown as { unref?(): void }).unref?.();
}
