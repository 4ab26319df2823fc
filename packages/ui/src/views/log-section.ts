import { join } from 'node:path';
import { escapeHtml, type Section } from '@tersor/study';
import { openRegular } from '../items/open-regular.js';

/** How many of the last bytes of a log are shown. */
const TAIL = 64 * 1024;

/** A section with the end of a folder's `log.txt`; none if the file is missing or empty. */
export async function logSection(folder: string): Promise<Section[]> {
  const text = await tailOf(join(folder, 'log.txt'));
  if (!text) return [];
  const body = `<pre class="log" tabindex="0" aria-label="The end of log.txt">${escapeHtml(text)}</pre>`;
  return [{ id: 'log', title: 'Log', body }];
}

async function tailOf(path: string): Promise<string | undefined> {
  const file = await openRegular(path);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString('utf8', 0, bytesRead);
    return start === 0 ? text : `...${text.slice(text.indexOf('\n') + 1)}`;
  } finally {
    await file.close();
  }
}
