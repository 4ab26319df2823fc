import { TersorError, type FilePlace } from '@tersor/core';
import type { Bucket } from './bucket.js';

/** Objects below a prefix as files. Names that lead out of it throw `OUTPUT_FAILED`. */
export function s3Place(bucket: Bucket, prefix: string): FilePlace {
  const keyOf = (name: string) => {
    if (/^\/|(^|\/)\.\.?(\/|$)|^$/.test(name))
      throw new TersorError(
        'OUTPUT_FAILED',
        `${JSON.stringify(name)} is not the name of a file in ${prefix}.`,
      );
    return prefix + name;
  };
  const isAll = (folder: string) => folder === '' || folder === '.';
  const below = (folder: string) => bucket.keys(isAll(folder) ? prefix : `${keyOf(folder)}/`);
  return {
    put: async (name, content) => bucket.put(keyOf(name), content),
    get: async (name) => bucket.get(keyOf(name)),
    list: async (folder = '') => (await below(folder)).map((key) => key.slice(prefix.length)),
    remove: async (name) => {
      const keys = [...(isAll(name) ? [] : [keyOf(name)]), ...(await below(name))];
      for (const key of keys) await bucket.remove(key);
    },
  };
}
