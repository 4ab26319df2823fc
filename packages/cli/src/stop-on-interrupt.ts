/** After the first Ctrl-C the returned function says true, so that the episode or epoch can end and be saved; the second ends the process. */
export function stopOnInterrupt(): () => boolean {
  let stopped = false;
  process.once('SIGINT', () => {
    stopped = true;
    process.stderr.write('\nFinishing this episode or epoch and saving; press Ctrl-C again to stop at once.\n');
  });
  return () => stopped;
}
