import { createReadStream, existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { TersorError, type LayerGraph } from '@tersor/core';
import { storedName, topologyOf, weightSlots } from '@tersor/network';
import { PAGE, PAGE_SCRIPT } from './page.js';

/** A server for the page, tfjs and networks that only this machine can reach. */
export interface PageServer {
  readonly address: string;
  /** Serves these networks instead of earlier ones; returns their URLs without extension. */
  offer(graphs: readonly LayerGraph[]): string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm' };

/** Headers that a page needs for wasm threads and for clocks finer than a tenth of a millisecond. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cache-control': 'no-store',
};

/** Starts the server. Throws `BROWSER_UNAVAILABLE` in a clone whose runtime was not built. */
export async function startPageServer(): Promise<PageServer> {
  const folders = scriptFolders();
  let offered: readonly LayerGraph[] = [];
  const server = createServer(({ url = '/' }, response) => {
    const [, place = '', file = ''] = /^\/([a-z]*)\/?([\w.-]*)$/.exec(url) ?? [];
    const send = (type: string, body: string | Buffer) =>
      response.writeHead(200, { ...ISOLATED, 'content-type': type }).end(body);
    if (url === '/') return send('text/html', PAGE);
    if (url === '/page.js') return send('text/javascript', PAGE_SCRIPT);
    if (url === '/runtime.js') return sendFile(response, join(folders.runtime, 'runtime.tfjs.min.js'));
    if (place === 'wasm' || place === 'webgpu') return sendFile(response, join(folders[place], file));
    const graph = place === 'network' ? offered[parseInt(file)] : undefined;
    if (!graph) return response.writeHead(404).end();
    return file.endsWith('.json')
      ? send('application/json', JSON.stringify(described(graph)))
      : send('application/octet-stream', weightBytes(graph));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    offer: (graphs) => ((offered = graphs), graphs.map((_graph, index) => `network/${index}`)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Folders of the scripts of the runtime and of tfjs's backends. */
function scriptFolders(): { readonly runtime: string; readonly wasm: string; readonly webgpu: string } {
  const require = createRequire(__filename);
  const of = (name: string, from = require) => join(dirname(from.resolve(`${name}/package.json`)), 'dist');
  // tfjs's backends are dependencies of the plugins.
  const backend = (name: string) =>
    of(
      `@tensorflow/tfjs-backend-${name}`,
      createRequire(require.resolve(`@tersor/backend-${name}/package.json`)),
    );
  const runtime = join(of('@tersor/runtime'), 'esm');
  if (!existsSync(join(runtime, 'runtime.tfjs.min.js')))
    throw new TersorError('BROWSER_UNAVAILABLE', `${runtime} has no runtime.tfjs.min.js for the page.`, {
      hint: 'In a clone of Tersor: npm run build',
    });
  return { runtime, wasm: backend('wasm'), webgpu: backend('webgpu') };
}

function sendFile(response: ServerResponse, path: string): void {
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  createReadStream(path)
    .on('open', () => response.writeHead(200, { ...ISOLATED, 'content-type': type }))
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
}

/** Everything but the values that the page needs to build a model. */
function described(graph: LayerGraph): unknown {
  const specs = weightSlots(graph).map(({ layer, weight }) => ({
    name: storedName(layer, weight.name),
    shape: weight.shape,
  }));
  return [topologyOf(graph), specs];
}

function weightBytes(graph: LayerGraph): Buffer {
  return Buffer.concat(
    weightSlots(graph).map(({ weight: { data } }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    ),
  );
}
