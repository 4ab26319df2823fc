// A format in a folder of its own: a marked line, then the layer graph as JSON, weights as base64.
const { readFile, writeFile } = require('node:fs/promises');
const { join } = require('node:path');

const MARK = 'OWN 1\n';
const pack = (_, value) =>
  ArrayBuffer.isView(value)
    ? { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
    : value;
const unpack = (_, value) =>
  value?.base64 === undefined
    ? value
    : new Float32Array(Uint8Array.from(Buffer.from(value.base64, 'base64')).buffer);

const format = {
  id: 'own',
  files: 'a .own file',
  recognises: ({ head }) => Buffer.from(head.subarray(0, MARK.length)).toString() === MARK,
  read: async (path) => {
    try {
      return JSON.parse((await readFile(path, 'utf8')).slice(MARK.length), unpack);
    } catch (cause) {
      throw Object.assign(new Error(`${path} is damaged.`), {
        name: 'TersorError',
        code: 'MODEL_INVALID',
        cause,
      });
    }
  },
  write: async (graph, folder) => {
    await writeFile(join(folder, 'net.own'), MARK + JSON.stringify(graph, pack));
    return 'net.own';
  },
};

module.exports = {
  tersorPlugin: 1,
  name: 'own-format',
  kind: 'format',
  id: 'own',
  core: '>=0.1.0 <1.0.0',
  description: 'layer graphs as text',
  options: { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } },
  create: () => format,
};
