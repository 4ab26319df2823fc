// node --import ./as-react-native.mjs PROGRAM: takes from Node what React Native lacks, as far as loading a model can
// tell: streams and bodies of them, DecompressionStream, TextDecoder, workers, MessageChannel, the Cache API,
// WebCrypto, Node's own modules, and half of AbortSignal. There is no device here: this stands for one.
import { get } from 'node:http';

// Made while there is all that Node's own needs.
const { Blob, Response } = globalThis;
new Response('');
for (const name of [
  'DecompressionStream',
  'CompressionStream',
  'ReadableStream',
  'TextDecoder',
  'MessageChannel',
  'Worker',
  'caches',
  'crypto',
])
  Reflect.deleteProperty(globalThis, name);
Reflect.deleteProperty(process, 'getBuiltinModule');
process.getBuiltinModule = undefined;
// The package abort-controller, which it has, knows neither.
Reflect.deleteProperty(AbortSignal.prototype, 'throwIfAborted');
Reflect.deleteProperty(AbortSignal.prototype, 'reason');
Object.defineProperty(Response.prototype, 'body', { get: () => undefined });
// Its blobs give their bytes through a Response only.
const bytesOf = Blob.prototype.arrayBuffer;
for (const name of ['stream', 'arrayBuffer', 'text', 'bytes']) Reflect.deleteProperty(Blob.prototype, name);
globalThis.Response = class extends Response {
  #blob;
  constructor(body, init) {
    const isBlob = body instanceof Blob;
    super(isBlob ? undefined : body, init);
    this.#blob = isBlob ? body : undefined;
  }
  arrayBuffer() {
    return this.#blob ? bytesOf.call(this.#blob) : super.arrayBuffer();
  }
};

// Its fetch is an XMLHttpRequest: the whole body, when it has come.
globalThis.fetch = (address, { signal } = {}) =>
  new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('Aborted')));
    get(address, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => {
        const status = answer.statusCode;
        const headers = new Headers({ 'content-length': answer.headers['content-length'] ?? '' });
        const body = Uint8Array.from(Buffer.concat(chunks)).buffer;
        const arrayBuffer = async () => body;
        resolve({ ok: status === 200, status, url: String(address), headers, arrayBuffer });
      });
    }).on('error', reject);
  });
