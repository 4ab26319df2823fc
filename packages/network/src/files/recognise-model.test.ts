import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MAGIC } from '@tersor/runtime';
import { openModel } from './read-network.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-recognise-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, content: string | Uint8Array) => {
  await writeFile(join(folder, name), typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  return join(folder, name);
};

it.each<[string, string, string, RegExp]>([
  [
    'Keras .h5',
    '\x89HDF\r\n\x1a\n\0\0\0\x1b[31m',
    'a Keras .h5 file',
    /tensorflowjs_converter --input_format=keras/,
  ],
  [
    '.keras',
    'PK\x03\x04\x14\0\0\0metadata.json\0\0config.json\0\0model.weights.h5',
    'a .keras file',
    /save\('model.h5'\)/,
  ],
  ['PyTorch', 'PK\x03\x04\0\0archive/data.pkl', 'a PyTorch checkpoint', /torch\.onnx\.export/],
  ['old PyTorch', '\x80\x02\x8a\nl\xfc\x9cF', 'a PyTorch checkpoint', /torch\.onnx\.export/],
  ['ONNX', '\x08\x07\x12\x07pytorch\x1a\x051.9.0', 'an ONNX model', /@tersor\/format-onnx/],
  ['TFLite', '\x1c\0\0\0TFL3\x14\0\x20\0', 'a TFLite model', /convert the network that it was made from/],
  ['SavedModel', '\x08\x01\x12\xff\x0c\n\x07serve', 'a TensorFlow SavedModel', /keras_saved_model/],
  ['safetensors', '\x40\0\0\0\0\0\0\0{"weight":{}}', 'a safetensors file', /convert/],
  ['a picture', '\x89PNG\r\n\x1a\n', 'an image', /--dataset image-folder/],
  ['a photograph', '\xff\xd8\xff\xe0\0\x10JFIF', 'an image', /model/],
  ['NumPy', '\x93NUMPY\x01\0', 'a NumPy array', /layers/],
  ['an archive', '\x1f\x8b\x08\0', 'a gzip archive', /Unpack/],
  ['a zipped model', 'PK\x03\x04\0\0folder/model.json', 'a zip archive with a model.json', /Unpack/],
  [
    'weights',
    '\x01\x02\x1b]0;title\x07\xfe',
    'a binary file of no known kind',
    /model\.json beside its weight files/,
  ],
  ['text', 'hello \x1b[2Jworld', 'a text file', /model\.json/],
  ['a config', 'model: a/model.json\nprune:\n', 'a config', /tersor compress/],
  ['nothing', '', 'an empty file', /model\.json/],
])(
  'names %s by what the file holds, whatever it is called, and gives no byte of it away',
  async (_name, content, format, advice) => {
    for (const name of ['thing', 'model.bin']) {
      const path = await file(name, content);
      // Where no plugins are installed that would read it.
      const error = await openModel(path, { directory: dirname(path) }).then(
        () => undefined,
        (caught: Error & { hint: string }) => caught,
      );
      expect(error).toMatchObject({
        code: 'MODEL_INVALID',
        message: `${path} is ${format}${error!.message.slice(path.length + 4 + format.length)}`,
        hint: expect.stringMatching(advice),
      });
      expect(error!.message + error!.hint).not.toMatch(/[\0-\x08\x0b-\x1f]/);
    }
  },
);

it('takes a packed file and JSON by any name, JSON with a byte order mark too', async () => {
  expect(await openModel(await file('packed.bin', MAGIC))).toMatchObject({ format: { id: 'tersor' } });
  expect(await openModel(await file('net.txt', '\n {"format":1}'))).toMatchObject({
    format: { id: 'layers-model' },
  });
  expect(await openModel(await file('bom.json', '\xef\xbb\xbf{}'))).toMatchObject({
    format: { id: 'layers-model' },
  });
});

it("takes a folder's model.json, and says what a folder without one holds", async () => {
  for (const name of ['net', 'saved', 'run', 'empty']) await mkdir(join(folder, name));
  await file('net/model.json', '{}');
  await file('saved/saved_model.pb', '');
  await file('run/model.tersor', '');
  expect(await openModel(join(folder, 'net'))).toMatchObject({
    format: { id: 'layers-model' },
    path: join(folder, 'net'),
  });
  await expect(openModel(join(folder, 'saved'))).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('SavedModel'),
  });
  await expect(openModel(join(folder, 'run'))).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    hint: expect.stringContaining('model.tersor'),
  });
  await expect(openModel(join(folder, 'empty'))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
});

it.each(['https://host/net/model.json', 'gs://bucket/model.json', '/home/me/https:/host/net/model.json'])(
  'says that %s is a URL, which is not fetched',
  async (url) => {
    await expect(openModel(url)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('is a URL'),
      hint: expect.stringContaining('Download'),
    });
  },
);

it('opens neither devices nor pipes, also behind a link, and says when there is nothing', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await symlink('/dev/zero', join(folder, 'model.json'));
  for (const path of ['/dev/zero', join(folder, 'pipe'), join(folder, 'model.json')]) {
    await expect(openModel(path)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('a device or a pipe'),
    });
  }
  await expect(openModel(join(folder, 'none'))).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    message: expect.stringContaining('There is no model'),
  });
  await expect(openModel(join(folder, 'thing/model.json'))).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  });
});
