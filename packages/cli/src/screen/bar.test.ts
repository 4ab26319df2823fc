import { createBar } from './bar.js';

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

describe('the progress bar', () => {
  const written: string[] = [];
  const wasTerminal = process.stderr.isTTY;
  beforeEach(() => {
    written.length = 0;
    process.stderr.isTTY = true;
    // cli-progress moves the cursor by the methods of a terminal.
    for (const name of ['cursorTo', 'clearLine', 'moveCursor', 'clearScreenDown'] as const)
      process.stderr[name] ??= () => true;
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.stderr.isTTY = wasTerminal;
  });

  it('gives the cursor back, and draws nothing more once it has ended', () => {
    const bar = createBar();
    bar.update({ done: 1, total: 4, unit: 'images' });
    expect(written.join('')).toContain(HIDE);
    bar.end();
    expect(written.join('').lastIndexOf(SHOW)).toBeGreaterThan(written.join('').lastIndexOf(HIDE));
    const before = written.length;
    bar.update({ done: 2, total: 4, unit: 'images' });
    expect(written.length).toBe(before);
  });

  it('comes again after it was cleared', () => {
    const bar = createBar();
    bar.update({ done: 1, total: 4, unit: 'images' });
    bar.clear();
    written.length = 0;
    bar.update({ done: 2, total: 4, unit: 'images' });
    expect(written.join('')).toContain('2/4 images');
    bar.end();
  });
});
