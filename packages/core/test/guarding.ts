import { guardProduct } from '../src/guard/guard-product.js';
import type { PluginKind, PluginProducts } from '../src/tokens.js';

/** A product as the host hands it out. */
export const guard = <K extends PluginKind>(kind: K, product: unknown) =>
  guardProduct({ source: 'tersor-bad', kind, id: 'bad' }, product as PluginProducts[K]);

/** What is thrown. */
export async function caught(act: () => unknown): Promise<{ code: string; message: string; cause: unknown }> {
  try {
    await act();
  } catch (error) {
    return error as { code: string; message: string; cause: unknown };
  }
  throw new Error('nothing was thrown');
}

/** Expects `PLUGIN_MISBEHAVED` with these words in its message. */
export const expectMisbehaved = async (act: () => unknown, ...words: string[]) => {
  const { code, message } = await caught(act);
  expect([code, message]).toEqual(['PLUGIN_MISBEHAVED', expect.stringContaining('tersor-bad (')]);
  for (const word of words) expect(message).toContain(word);
};
