import { realpath } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { createServer, type Server } from 'node:http';
import { isFolder, TersorError } from '@tersor/core';
import { createActions } from '../actions/actions.js';
import { createDrawer } from '../drawing/drawer.js';
import { createWatcher } from '../items/watch-items.js';
import { createViewCache } from '../views/view-cache.js';
import { createApp } from './app.js';
import { isLoopback, makeToken } from './guard.js';
import { readPageFiles } from './page-files.js';

export interface UiOptions {
  /** Folders to search for runs and studies, including subfolders. */
  readonly folders: readonly string[];
  /** Command that starts `tersor`, for "resume". */
  readonly program: readonly string[];
  /** Host to listen on; by default only this machine can reach the page. */
  readonly host?: string;
  /** Default: the first free port from 6780 on. */
  readonly port?: number;
  /** Token needed to open the page; by default one is created if other machines can reach `host`. */
  readonly token?: string;
  /** Folder of the built page; by default the one in this package. */
  readonly page?: string;
}

/** A running server. */
export interface Ui {
  /** Address to open, including the token. */
  readonly url: string;
  readonly port: number;
  readonly token: string | undefined;
  close(): Promise<void>;
}

const FIRST_PORT = 6780;
const PORTS = 20;

/**
 * Starts a server that shows runs and studies on a page. Throws `CONFIG_NOT_FOUND` for a missing folder, and
 * `PORT_UNAVAILABLE`.
 */
export async function startUi({
  folders,
  program,
  host = '127.0.0.1',
  port,
  token = isLoopback(host) ? undefined : makeToken(),
  page = join(__dirname, '../../dist/page'),
}: UiOptions): Promise<Ui> {
  const roots = await Promise.all(folders.map(existing));
  const files = await readPageFiles(page);
  const watcher = createWatcher([...new Set(roots)]);
  const actions = createActions(program);
  const drawer = createDrawer();
  const app = createApp({ watcher, views: createViewCache(), drawer, actions, files, host, token });
  const server = createServer(getRequestListener(app.fetch));
  try {
    await listen(server, host, port);
  } catch (error) {
    watcher.close();
    throw error;
  }
  const { port: own } = server.address() as { port: number };
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
  return {
    url: `http://${shownHost(host)}:${own}/${query}`,
    port: own,
    token,
    close: async () => {
      watcher.close();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await Promise.all([closed, drawer.close()]);
    },
  };
}

async function existing(folder: string): Promise<string> {
  const path = resolve(folder);
  if (await isFolder(path)) return realpath(path);
  throw new TersorError('CONFIG_NOT_FOUND', `${folder} is not a folder.`, {
    hint: 'Give output folders of `tersor compress` or `tersor study`, or a folder above them.',
  });
}

/** Listens on the given port, or on the first free one. Throws `PORT_UNAVAILABLE`. */
async function listen(server: Server, host: string, port: number | undefined): Promise<void> {
  const ports = port === undefined ? Array.from({ length: PORTS }, (_, i) => FIRST_PORT + i) : [port];
  for (const each of ports) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
      server.once('error', done);
      server.listen(each, host, () => {
        server.off('error', done);
        done(undefined);
      });
    });
    if (!error) return;
    if (error.code === 'EADDRINUSE' && each !== ports.at(-1)) continue;
    const inUse = error.code === 'EADDRINUSE';
    throw new TersorError(
      'PORT_UNAVAILABLE',
      `Cannot listen on ${host}:${each}: ${inUse ? 'another program uses it' : error.message}.`,
      {
        cause: error,
        hint: inUse ? 'Choose another with --port; 0 uses any free one.' : 'Check --host and --port.',
      },
    );
  }
}

/** The host to show in URLs, one that a browser can open. */
function shownHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host.includes(':') ? `[${host}]` : host;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}
