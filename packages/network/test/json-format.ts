import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format, LayerGraph } from '@tersor/core';

const MARK = 'JSON NETWORK\n';

/** A format that is as simple as can be: a marked line, then the layer graph as JSON. */
export function jsonFormat(): Format & Required<Pick<Format, 'write'>> {
  return {
    id: 'fake',
    files: 'a .fake file',
    recognises: ({ head }) => Buffer.from(head).toString('latin1').startsWith(MARK),
    read: async (path) => {
      const text = (await readFile(path, 'utf8')).slice(MARK.length);
      return JSON.parse(text, (key, value: unknown) =>
        key === 'data' ? Float32Array.from(value as number[]) : value,
      ) as LayerGraph;
    },
    write: async (graph, folder) => {
      const text = JSON.stringify(graph, (key, value: unknown) =>
        key === 'data' ? Array.from(value as Float32Array) : value,
      );
      await writeFile(join(folder, 'network.fake'), MARK + text);
      return 'network.fake';
    },
  };
}
