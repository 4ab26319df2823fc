import { Hono, type Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { streamSSE } from 'hono/streaming';
import { isTersorError, messageOf } from '@tersor/core';
import type { ChartWidth } from '@tersor/study';
import type { Actions } from '../actions/actions.js';
import type { Drawer } from '../drawing/drawer.js';
import type { Drawing } from '../drawing/drawing.js';
import { comparedRuns } from '../drawing/compared-runs.js';
import type { Watched, Watcher } from '../items/watch-items.js';
import { missing } from '../views/missing.js';
import { trialsOf } from '../views/trials-of.js';
import type { ViewCache } from '../views/view-cache.js';
import { ACTION_HEADER, cookieOf, isOwnHost, isOwnPage, isToken } from './guard.js';
import type { PageFiles } from './page-files.js';

export interface AppOptions {
  readonly watcher: Watcher;
  readonly views: ViewCache;
  readonly drawer: Drawer;
  readonly actions: Actions;
  readonly files: PageFiles;
  /** Host that the server listens on. */
  readonly host: string;
  /** Token that every request needs, if other machines can reach the server. */
  readonly token: string | undefined;
}

const KEEP_ALIVE_MS = 15_000;
/** Messages that wait for one page. */
const MOST_WAITING = 50;
// Nothing is loaded from other hosts; charts use style attributes.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Creates the server of the page, as a function of requests. */
export function createApp(options: AppOptions): Hono {
  const { watcher, views, drawer, actions, files, host, token } = options;
  const app = new Hono();

  app.use(async (context, next) => {
    context.header('Content-Security-Policy', POLICY);
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Referrer-Policy', 'no-referrer');
    context.header('Cache-Control', 'no-store');
    if (!isOwnHost(context.req.header('host'), host)) return context.text('This is not that host.', 421);
    if (token !== undefined) {
      const given = context.req.query('token');
      if (isToken(token, given)) {
        setCookie(context, cookieOf(token), token, { httpOnly: true, sameSite: 'Strict', path: '/' });
        return context.redirect(context.req.path.replace(/^\/+/, '/'));
      }
      const bearer = context.req.header('authorization')?.replace(/^Bearer /, '');
      if (!isToken(token, getCookie(context, cookieOf(token))) && !isToken(token, bearer))
        return context.text('Open the address with the token that `tersor ui` printed.', 401);
    }
    return next();
  });

  app.onError((error, context) => {
    const known = isTersorError(error);
    const status = known ? (error.code === 'CONFIG_NOT_FOUND' ? 404 : 409) : 500;
    return context.json(
      { message: messageOf(error), ...(known && { code: error.code, hint: error.hint }) },
      status,
    );
  });

  app.get('/api/items', async (context) => {
    await watcher.look();
    return context.json(watcher.all());
  });

  app.get('/api/items/:id', async (context) => {
    const found = await find(context.req.param('id'));
    if (!found) return gone(context);
    return viewed(context, found, found.item.id, found.item);
  });

  app.get('/api/items/:id/trials', async (context) => {
    const found = await find(context.req.param('id'));
    if (!found) return gone(context);
    const { sort, order, filter = '', status, from = '0' } = context.req.query();
    const query = { sort, isDescending: order === 'descending', filter, status, from: Number(from) };
    return context.json(await trialsOf(found, query));
  });

  app.get('/api/items/:id/trials/:trial', async (context) => {
    const { id, trial } = context.req.param();
    const found = await find(id);
    if (!found) return gone(context);
    const { name } = found.item;
    const known = 'study' in found.reader ? found.reader.study.trial(trial) : undefined;
    if (!known) throw missing(`trial ${trial} of ${name}`);
    const { folder } = known;
    const drawing = { kind: 'trial' as const, folder, name: `Trial ${trial} of ${name}` };
    return viewed(context, found, `${id}.${trial}`, drawing);
  });

  app.get('/api/compare', async (context) => {
    const ids = (context.req.query('runs') ?? '').split(',').filter(Boolean);
    if (ids.length < 2) return context.json({ message: 'Choose two runs or more.' }, 409);
    const drawing = { kind: 'comparison' as const, runs: comparedRuns(watcher, ids) };
    const view = await drawer.draw(drawing, widthOf(context));
    return context.json({ view, isStale: false });
  });

  for (const name of ['stop', 'resume'] as const)
    app.post(`/api/items/:id/${name}`, async (context) => {
      const { origin, host: own } = Object.fromEntries(context.req.raw.headers);
      const action = context.req.header(ACTION_HEADER);
      if (!isOwnPage({ origin, host: own, action }))
        return context.json({ message: 'Only the page of this server may do that.' }, 403);
      const found = await find(context.req.param('id'));
      if (!found) return gone(context);
      return context.json({ message: await actions[name](found.item) }, 202);
    });

  app.get('/api/events', (context) =>
    streamSSE(context, async (stream) => {
      await watcher.look();
      drawer.prepare();
      // Subscribe first, so that no change is lost between the list and the first change.
      const waiting: string[] = [JSON.stringify({ all: watcher.all() })];
      let wake: () => void = () => undefined;
      const end = watcher.subscribe((changes) => {
        // A page that does not read gets the whole list once it does.
        if (waiting.length > MOST_WAITING)
          waiting.splice(0, Infinity, JSON.stringify({ all: watcher.all() }));
        else waiting.push(JSON.stringify(changes));
        wake();
      });
      stream.onAbort(() => {
        end();
        wake();
      });
      while (!stream.aborted && !stream.closed) {
        const data = waiting.shift();
        if (data !== undefined) await stream.writeSSE({ data });
        else if (!(await pause((resolve) => (wake = resolve)))) await stream.write(': still here\n\n');
      }
    }),
  );

  app.all('/api/*', (context) => context.json({ message: 'There is nothing of that name.' }, 404));

  // Every other path gets the page, whose script shows what belongs to the path.
  app.get('*', (context) => {
    const { body, type } = files.get(context.req.path);
    return context.body(body, 200, { 'Content-Type': type });
  });

  return app;

  /** An item, once the first look is over. */
  async function find(id: string): Promise<Watched | undefined> {
    if (!watcher.get(id)) await watcher.look();
    return watcher.get(id);
  }

  async function viewed(
    context: Context,
    { item }: Watched,
    key: string,
    drawing: Drawing,
  ): Promise<Response> {
    const width = widthOf(context);
    const view = await views.get(`${key} ${width}`, item.revision, () => drawer.draw(drawing, width));
    return context.json({ item, ...view });
  }
}

/** The width of the page that asks. */
function widthOf(context: Context): ChartWidth {
  return context.req.query('width') === 'narrow' ? 'narrow' : 'wide';
}

function gone(context: Context): Response {
  return context.json({ message: 'This run or study is gone, or was moved.' }, 404);
}

/** Waits until woken; resolves to false after a time without messages, when a sign of life is due. */
function pause(start: (wake: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), KEEP_ALIVE_MS).unref();
    start(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
