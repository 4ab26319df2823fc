import { describeWith } from '../../test/describe-with.js';
import type { TestServer } from '../../test/servers.js';
import { storeRules } from '../../test/store-rules.js';
import { CREDENTIALS, swift } from '../../test/swift.js';
import { createStore } from './open-store.js';

const bytes = (text: string) => Buffer.from(text);

describeWith(swift, 'a store in object storage (OpenStack Swift, over S3)', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await swift.start()));
  afterAll(() => server?.stop());
  afterEach(() => void Object.assign(process.env, CREDENTIALS));
  storeRules(() => server.url);

  it('lists more files than the server gives at once', async () => {
    const place = (await createStore(server.url)).attempt('many', '000001-a');
    const names = Array.from({ length: 45 }, (_, i) => `checkpoint/${String(i).padStart(6, '0')}`);
    await Promise.all(names.map((name) => place.put(name, bytes(name))));
    expect(await place.list()).toEqual(names);
  });

  it('waits for a server that is restarted', async () => {
    const place = (await createStore(server.url)).attempt('job', '000001-a');
    await place.put('before', bytes('before'));
    const restarting = server.restart();
    await place.put('meanwhile', bytes('meanwhile'));
    await restarting;
    expect(await place.list()).toEqual(['before', 'meanwhile']);
  });

  const problem = async (change: (url: string) => string, environment: Record<string, string> = {}) => {
    Object.assign(process.env, environment);
    const error: unknown = await createStore(change(server.url)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const { message, hint } = error as { readonly message: string; readonly hint: string };
    return `${message} ${hint}`;
  };

  it('says that the secret is wrong, without it', async () => {
    const said = await problem((url) => url, { AWS_SECRET_ACCESS_KEY: 'wrong-secret' });
    expect(said).toMatch(/refuses the credentials of this machine: .*signature.* Correct the access key/);
    expect(said).not.toContain('wrong-secret');
  });

  it('says that there is no such bucket', async () =>
    expect(await problem((url) => url.replace('//tersor/', '//not-there/'))).toMatch(
      /there is no not-there\. Create the bucket/,
    ));

  it('says which region the server expects', async () =>
    expect(await problem((url) => `${url}&region=mars-1`)).toMatch(
      /'mars-1' is wrong; expecting 'us-east-1'.* Name the region/,
    ));
});
