const TENSORFLOW = /@tensorflow[\\/]|\btfjs-\w+[\\/](src|dist)[\\/]/;
const METHODS = ['log', 'info', 'warn', 'error'] as const;

/**
 * Hides what TensorFlow.js tells developers through the console: a banner that recommends another backend,
 * the cost of an initializer. The call stack shows who writes, so output of plugins still appears. Returns
 * the function that restores the console.
 */
export function quietLibraries(): () => void {
  const { console } = globalThis;
  const settings = process as { noDeprecation?: boolean };
  const { noDeprecation = false } = settings;
  const originals = METHODS.map((method) => [method, console[method]] as const);
  for (const [method, original] of originals) {
    const write = (...args: unknown[]) => {
      if (!TENSORFLOW.test(callerOf(write))) original.apply(console, args);
    };
    console[method] = write;
  }
  // Deprecation warnings are about libraries' use of Node's own modules.
  settings.noDeprecation = true;
  return () => {
    for (const [method, original] of originals) console[method] = original;
    settings.noDeprecation = noDeprecation;
  };
}

/** Line of the call stack that called `callee`. */
function callerOf(callee: (...args: unknown[]) => void): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callee);
  return holder.stack?.split('\n')[1] ?? '';
}

/**
 * A line that TensorFlow's native library logs below the level of errors: in the form of absl or its own
 * older form, absl's preface, and the second line of a certain message.
 */
const NATIVE_LOG = new RegExp(
  [
    '[IW]\\d{4} ',
    '\\d{4}-\\d\\d-\\d\\d [\\d:.]+: [IW] ',
    'WARNING: All log messages before absl::InitializeLog',
    'To enable the following instructions: .*rebuild TensorFlow',
  ]
    .map((start) => `^${start}`)
    .join('|'),
);

/**
 * Passes the output of a process on, without the lines that TensorFlow's native library logs; `end` flushes
 * the last line.
 */
export function withoutNativeLogs(write: (text: string) => void): { text(chunk: string): void; end(): void } {
  let rest = '';
  const pass = (line: string) => NATIVE_LOG.test(line) || write(line);
  return {
    text(chunk) {
      const lines = (rest + chunk).split(/(?<=\n)/);
      rest = lines.at(-1)!.endsWith('\n') ? '' : lines.pop()!;
      lines.forEach(pass);
    },
    end: () => void (rest && pass(rest)),
  };
}
