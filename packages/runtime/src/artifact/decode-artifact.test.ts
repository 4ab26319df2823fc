import { ArtifactError, decodeArtifact, MAGIC } from '../index.js';
import { golden } from '../../test/golden.js';

const code = async (bytes: Uint8Array, options = {}) =>
  decodeArtifact(bytes, options).then(
    () => 'decoded',
    (error: unknown) => (error instanceof ArtifactError ? error.code : error),
  );

it('refuses what is not such a file, and what is empty', async () => {
  expect(await code(new Uint8Array(0))).toBe('ARTIFACT_CORRUPT');
  expect(await code(new TextEncoder().encode('{"format":"layers-model"}'))).toBe('ARTIFACT_CORRUPT');
});

it('says that a newer version is not supported, rather than damaged', async () => {
  const { bytes } = golden();
  bytes[MAGIC.length] = 2;
  expect(await code(bytes)).toBe('ARTIFACT_UNSUPPORTED');
});

it('refuses every truncation', async () => {
  const { bytes } = golden();
  for (let length = 0; length < bytes.length; length++)
    expect(await code(bytes.slice(0, length))).toBe('ARTIFACT_CORRUPT');
});

it('refuses bytes after the end', async () => {
  expect(await code(Uint8Array.of(...golden().bytes, 0))).toBe('ARTIFACT_CORRUPT');
});

it('refuses more weights than the caller allows', async () => {
  const { bytes } = golden();
  expect(await code(bytes, { maxWeights: 10 })).toBe('ARTIFACT_CORRUPT');
});

it.each([1, 7, 1000])(
  'decodes a stream that comes in chunks of %i bytes to the same as one buffer',
  async (size) => {
    const { bytes } = golden();
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, (at += size)));
      },
    });
    expect(await decodeArtifact(stream)).toEqual(await decodeArtifact(bytes));
  },
);

it('lets go of a stream that turns out damaged', async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100)),
    cancel: () => void (cancelled = true),
  });
  await expect(decodeArtifact(stream)).rejects.toThrow('not a .tersor file');
  expect(cancelled).toBe(true);
});

it('decodes the committed file of version 1 to the values that it was made from', async () => {
  const { bytes, values } = golden();
  const { weights, topology } = await decodeArtifact(bytes);
  expect(topology['class_name']).toBe('Model');
  const found = Object.fromEntries(
    weights.map(({ name, shape, data }) => [name, { shape, values: [...data] }]),
  );
  expect(found).toEqual(values);
});
