import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  addEpisodes,
  beginRun,
  beginTraining,
  temporaryFolder,
  writeDoneRun,
  writeDoneTraining,
  writeStudy,
} from '../../test/folders.js';
import type { Item } from '../items/item.js';
import { isOwnHost, isToken, makeToken } from './guard.js';
import { startUi, type Ui, type UiOptions } from './start-ui.js';

const MISCHIEF = '<img src=x onerror=alert(1)>';
let folder: string;
let page: string;
let ui: Ui;
beforeAll(async () => {
  folder = await temporaryFolder();
  page = await temporaryFolder();
  await mkdir(join(page, 'assets'));
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Tersor</title>');
  await writeFile(join(page, 'assets/a.js'), '1;');
  await writeDoneRun(join(folder, 'one'));
  await writeDoneRun(join(folder, 'two'), { bytes: 500, seed: 2 });
  await writeStudy(join(folder, 'study'), MISCHIEF);
  await beginRun(join(folder, MISCHIEF), 3, { args: ['compress', MISCHIEF], directory: folder });
  ui = await start();
});
afterAll(async () => {
  await ui.close();
  for (const each of [folder, page]) await rm(each, { recursive: true, force: true });
});

function start(options: Partial<UiOptions> = {}): Promise<Ui> {
  return startUi({ folders: [folder], program: [process.execPath], page, port: 0, ...options });
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** `fetch` sets `Host` itself. */
function ask(port: number, path: string, { method = 'GET', headers = {} } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += String(part)));
      answer.on('end', () => resolve({ status: answer.statusCode!, text, headers: answer.headers }));
    });
    asked.on('error', reject).end();
  });
}

async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error('It did not come.');
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function itemNamed(name: string): Promise<Item> {
  const items = JSON.parse((await ask(ui.port, '/api/items')).text) as Item[];
  return items.find((each) => each.name === name)!;
}

it('answers only under its own names, not under that of another site that resolves to it', async () => {
  for (const host of [`127.0.0.1:${ui.port}`, `localhost:${ui.port}`])
    expect((await ask(ui.port, '/api/items', { headers: { host } })).status).toBe(200);
  for (const host of ['evil.example', `evil.example:${ui.port}`, '192.168.0.7'])
    expect((await ask(ui.port, '/api/items', { headers: { host } })).status).toBe(421);
});

it('recognises its own hosts and tokens', () => {
  expect(isOwnHost('10.0.0.3:6780', '0.0.0.0')).toBe(true);
  expect(isOwnHost('box.example:6780', 'box.example')).toBe(true);
  expect(isOwnHost('evil.example', '0.0.0.0')).toBe(false);
  expect(isOwnHost(undefined, '127.0.0.1')).toBe(false);
  const token = makeToken();
  expect([isToken(token, token), isToken(token, `${token}x`), isToken(token, undefined)]).toEqual([
    true,
    false,
    false,
  ]);
});

it('requires a token if other machines can reach it, and keeps it in a cookie', async () => {
  const open = await start({ host: '0.0.0.0' });
  try {
    expect(open.token).toMatch(/^[\w-]{24}$/);
    for (const path of ['/', '/api/items', '/assets/a.js', '/api/events', '/?token=wrong'])
      expect((await ask(open.port, path)).status).toBe(401);
    const entered = await ask(open.port, `/?token=${open.token}`);
    expect({ status: entered.status, place: entered.headers['location'] }).toEqual({
      status: 302,
      place: '/',
    });
    const [cookie] = entered.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const headers = { cookie: cookie!.split(';')[0]! };
    expect((await ask(open.port, '/api/items', { headers })).status).toBe(200);
    expect(
      (await ask(open.port, '/api/items', { headers: { authorization: `Bearer ${open.token}` } })).status,
    ).toBe(200);
  } finally {
    await open.close();
  }
});

it('serves only the page and what is in the given folders', async () => {
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink('/etc', join(folder, 'link')).catch(() => undefined);
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/secret.txt',
    '//etc/passwd',
  ])
    expect((await ask(ui.port, path)).text).toContain('<!doctype html>');
  const { id } = await itemNamed('study');
  const outside = ['..', '..%2f..%2fone', '%2e%2e%2fone', '00000000000c', '__proto__'];
  for (const path of [
    `/api/items/${'f'.repeat(16)}`,
    '/api/items/..%2f..',
    ...outside.map((each) => `/api/items/${id}/trials/${each}`),
  ])
    expect([path, (await ask(ui.port, path)).status]).toEqual([path, 404]);
});

it('shows no file that a log is only a link to, and waits for no pipe', async () => {
  const place = await temporaryFolder();
  const secret = join(place, 'secret.txt');
  await writeFile(secret, 'of somebody');
  for (const name of ['link', 'pipe'])
    await beginRun(join(place, name), 2, { args: ['compress', 'c.yaml'], directory: place });
  await symlink(secret, join(place, 'link/log.txt'));
  execFileSync('mkfifo', [join(place, 'pipe/log.txt')]);
  const own = await start({ folders: [place] });
  try {
    const items = JSON.parse((await ask(own.port, '/api/items')).text) as Item[];
    for (const { id } of items) {
      const { status, text } = await ask(own.port, `/api/items/${id}`);
      expect({ status, isShown: text.includes('of somebody') }).toEqual({ status: 200, isShown: false });
    }
    // Nor is anything written through the link.
    const headers = { 'x-tersor-ui': '1' };
    const link = items.find(({ name }) => name === 'link')!;
    const answer = await ask(own.port, `/api/items/${link.id}/resume`, { method: 'POST', headers });
    expect({ status: answer.status, text: answer.text }).toEqual({
      status: 409,
      text: expect.stringContaining('cannot be resumed'),
    });
    expect(await readFile(secret, 'utf8')).toBe('of somebody');
  } finally {
    await own.close();
    await rm(place, { recursive: true, force: true });
  }
});

it('keeps the tokens of two servers of one machine apart, and leads nowhere else', async () => {
  const [a, b] = [await start({ token: 'first-token' }), await start({ token: 'second-token' })];
  try {
    const enter = async ({ port, token }: Ui, path = '/') => {
      const { headers } = await ask(port, `${path}?token=${token}`);
      return { place: headers['location'], cookie: (headers['set-cookie'] as string[])[0]!.split(';')[0]! };
    };
    const cookies = [await enter(a), await enter(b)].map(({ cookie }) => cookie);
    // A browser sends the cookies of a host to all its ports.
    const headers = { cookie: cookies.join('; ') };
    for (const { port } of [a, b]) expect((await ask(port, '/api/items', { headers })).status).toBe(200);
    expect((await ask(a.port, '/api/items', { headers: { cookie: cookies[1]! } })).status).toBe(401);
    expect((await enter(a, '//evil.example/x')).place).toBe('/evil.example/x');
  } finally {
    await a.close();
    await b.close();
  }
});

it('escapes names and errors, in pages that cannot run scripts from them', async () => {
  const answer = await ask(ui.port, '/');
  expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
  expect(answer.text).toContain('<script src="/report.js"></script><title>');
  const { id: run } = await itemNamed(MISCHIEF);
  const { id: study } = await itemNamed('study');
  for (const path of [
    `/api/items/${run}`,
    `/api/items/${study}`,
    `/api/items/${study}/trials/00000000000a`,
  ]) {
    const { status, text } = await ask(ui.port, path);
    expect(status).toBe(200);
    const { view } = JSON.parse(text) as { view: { sections: { body: string }[] } };
    const bodies = view.sections.map(({ body }) => body).join('');
    expect(bodies).not.toContain('<img');
    expect(bodies).toContain('&#60;img src=x');
  }
});

it('shows why trials failed, with their logs', async () => {
  const { id } = await itemNamed('study');
  const { text } = await ask(ui.port, `/api/items/${id}/trials/00000000000a`);
  expect(text).toContain('Why it failed');
  expect(text).toContain('said before');
});

it('shows the loss and the accuracies of a training, while it goes on and when it is done', async () => {
  const place = await temporaryFolder();
  await beginTraining(join(place, 'live'), 4);
  await writeDoneTraining(join(place, 'done'));
  const own = await start({ folders: [place] });
  try {
    const items = JSON.parse((await ask(own.port, '/api/items')).text) as Item[];
    const view = async (name: string) => {
      const { id } = items.find((item) => item.name === name)!;
      const { text } = await ask(own.port, `/api/items/${id}`);
      return (JSON.parse(text) as { view: { lead: string; sections: { body: string }[] } }).view;
    };
    const live = await view('live');
    expect(live.lead).toBe('Training. Died: its process is gone, epoch 4 of 10 is done.');
    for (const tip of [
      'Epoch 4: loss 0.5',
      'Epoch 4: training images 20.00%',
      'Epoch 3: validation images 12.00%',
    ])
      expect(live.sections[0]!.body).toContain(`data-tip="${tip}"`);
    const done = (await view('done')).sections[0]!.body;
    expect(done).toContain('data-tip="Epoch 3: loss 0.6667"');
    expect(done).not.toContain('validation images 12');
  } finally {
    await own.close();
    await rm(place, { recursive: true, force: true });
  }
});

it('puts runs side by side, layer by layer, and refuses those without results', async () => {
  const [one, two, live] = await Promise.all(['one', 'two', MISCHIEF].map(itemNamed));
  const { text } = await ask(ui.port, `/api/compare?runs=${one!.id},${two!.id}`);
  expect(text).toContain('Channels of each layer');
  expect((await ask(ui.port, `/api/compare?runs=${one!.id},${live!.id}`)).status).toBe(404);
  expect((await ask(ui.port, `/api/compare?runs=${one!.id}`)).status).toBe(409);
});

it('sends everything first, then what changes', async () => {
  const said: { all?: Item[]; items?: Item[] }[] = [];
  const asked = request({ host: '127.0.0.1', port: ui.port, path: '/api/events' }, (answer) => {
    answer.on('data', (part) => {
      for (const [, data] of String(part).matchAll(/^data: (.*)$/gm)) said.push(JSON.parse(data!));
    });
  });
  asked.on('error', () => undefined).end();
  await until(() => said.length > 0);
  expect(said[0]!.all?.map(({ name }) => name)).toEqual([MISCHIEF, 'one', 'study', 'two']);
  await addEpisodes(join(folder, MISCHIEF), 4, 4);
  await until(() => said.length > 1);
  expect(said[1]!.items?.map(({ name, progress }) => [name, progress?.done])).toEqual([[MISCHIEF, 4]]);
  asked.destroy();
});

it('performs actions only for its own page', async () => {
  const { id } = await itemNamed(MISCHIEF);
  const post = (headers: Record<string, string>) =>
    ask(ui.port, `/api/items/${id}/stop`, { method: 'POST', headers });
  expect((await post({})).status).toBe(403);
  expect((await post({ 'x-tersor-ui': '1', origin: 'http://evil.example' })).status).toBe(403);
  const own = await post({ 'x-tersor-ui': '1', origin: `http://127.0.0.1:${ui.port}` });
  expect({ status: own.status, text: own.text }).toEqual({
    status: 409,
    text: expect.stringContaining('Nothing is running in'),
  });
});

it('resumes a run in the same place, and writes its output to the log', async () => {
  const program = join(folder, 'program.cjs');
  await writeFile(
    program,
    // Goes on until it may end, a minute at most.
    `const { existsSync } = require('node:fs');
console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]));
setInterval(() => existsSync(${JSON.stringify(join(folder, 'may-end'))}) && process.exit(), 50);
setTimeout(() => process.exit(), 60_000);`,
  );
  const run = join(folder, MISCHIEF);
  const own = await start({ program: [process.execPath, program] });
  try {
    const { id } = await itemNamed(MISCHIEF);
    await ask(own.port, '/api/items');
    const headers = { 'x-tersor-ui': '1' };
    const post = () => ask(own.port, `/api/items/${id}/resume`, { method: 'POST', headers });
    expect((await post()).status).toBe(202);
    expect((await post()).status).toBe(409);
    await writeFile(join(folder, 'may-end'), '');
    const log = () => readFile(join(run, 'log.txt'), 'utf8').catch(() => '');
    await until(async () => (await log()).endsWith('\n'));
    expect(JSON.parse(await log())).toEqual([folder, 'compress', MISCHIEF, '--resume', '--out', run]);
  } finally {
    await own.close();
  }
});

it('starts a study with the environment that has its password, and says what lacks one', async () => {
  const place = await temporaryFolder();
  const program = join(place, 'program.cjs');
  await writeFile(program, 'console.log(process.env.TERSOR_UI_TEST, process.argv.slice(2).join(" "));');
  const args = (url: string) => ({ args: ['study', 's.yaml', '--set', `runner.url=${url}`] });
  await writeStudy(join(place, 'struck'), 'no server', args('redis://:***@host'));
  await writeStudy(join(place, 'named'), 'no server', args('redis://:${TERSOR_UI_TEST}@host'));
  process.env['TERSOR_UI_TEST'] = 'p4ss';
  const own = await start({ folders: [place], program: [process.execPath, program] });
  try {
    const items = JSON.parse((await ask(own.port, '/api/items')).text) as Item[];
    const post = (name: string) =>
      ask(own.port, `/api/items/${items.find((item) => item.name === name)!.id}/resume`, {
        method: 'POST',
        headers: { 'x-tersor-ui': '1' },
      });
    const refused = await post('struck');
    expect({ status: refused.status, text: refused.text }).toEqual({
      status: 409,
      text: expect.stringMatching(/cannot be resumed from here.*\$\{PASSWORD\}/s),
    });
    expect((await post('named')).status).toBe(202);
    const log = () => readFile(join(place, 'named/log.txt'), 'utf8').catch(() => '');
    await until(async () => (await log()).endsWith('\n'));
    expect(await log()).toBe(
      `p4ss study s.yaml --set runner.url=redis://:\${TERSOR_UI_TEST}@host --resume --out ${join(place, 'named')}\n`,
    );
  } finally {
    delete process.env['TERSOR_UI_TEST'];
    await own.close();
    await rm(place, { recursive: true, force: true });
  }
});

it('reports a port in use, and takes the next one if none was given', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({
    code: 'PORT_UNAVAILABLE',
    hint: expect.stringContaining('--port'),
  });
  other.close();
  const { port: _any, ...free } = { folders: [folder], program: [], page, port: undefined };
  const [first, second] = [await startUi(free), await startUi(free)];
  expect(second.port).not.toBe(first.port);
  await Promise.all([first.close(), second.close()]);
});

it('refuses a missing folder, and shows an empty one', async () => {
  await expect(start({ folders: [join(folder, 'nowhere')] })).rejects.toMatchObject({
    code: 'CONFIG_NOT_FOUND',
  });
  const empty = await start({ folders: [page] });
  expect((await ask(empty.port, '/api/items')).text).toBe('[]');
  await empty.close();
});
