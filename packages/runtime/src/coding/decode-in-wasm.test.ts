import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { golden } from '../../test/golden.js';
import { decodeArtifact, type DecodedArtifact } from '../index.js';
import { decodeInWasm } from './decode-in-wasm.js';
import { decoderCode } from './decoder-code.js';
import { RangeDecoder } from './range-decoder.js';
import { sliceCount, transferCodes, type CodeLayout } from './transfer-codes.js';

const root = join(__dirname, '../../../..');

/** What a decoder gives for a payload: its codes, or its error. */
function outcome(layout: CodeLayout, decode: (codes: Uint8Array) => void): number[] | string {
  const codes = new Uint8Array(layout.shape.reduce((product, size) => product * size, 1));
  try {
    decode(codes);
  } catch (error) {
    return (error as Error).message;
  }
  return [...codes];
}

function bothOutcomes(payload: Uint8Array, layout: CodeLayout): [unknown, unknown] {
  const plain = outcome(layout, (codes) => {
    const decoder = new RangeDecoder(payload);
    transferCodes(decoder, codes, layout);
    decoder.finish();
  });
  const wasm = outcome(layout, (codes) => expect(decodeInWasm(payload, codes, layout)).toBe(true));
  return [wasm, plain];
}

/** Runs without WebAssembly, as a page whose policy forbids it. */
async function without<T>(run: () => Promise<T>): Promise<T> {
  const { WebAssembly: kept } = globalThis as { WebAssembly?: unknown };
  Reflect.set(globalThis, 'WebAssembly', undefined);
  try {
    return await run();
  } finally {
    Reflect.set(globalThis, 'WebAssembly', kept);
  }
}

it('gives the codes, or the error, of the decoder in JavaScript, whatever the bytes are', () => {
  const told = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      fc.boolean(),
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0, max: 255 }),
      (shape, bits, spatial, sliceMap, payload, reference) => {
        // Most bytes would not be a start.
        if (payload.length > 0 && reference % 8 > 0) payload[0]! &= 63;
        const slices = new Uint8Array(sliceCount(shape)).map((_, i) => (reference + i) % 2 ** bits);
        const layout = { shape, bits, spatial, sliceMap, reference: slices };
        const [wasm, plain] = bothOutcomes(payload, layout);
        told.add(typeof plain === 'string' ? plain : 'codes');
        expect(wasm).toEqual(plain);
      },
    ),
    { numRuns: 1500, seed: 1 },
  );
  expect([...told].sort()).toEqual([
    'The coded weights are longer than their shape asks for.',
    'The coded weights do not start as they must.',
    'The coded weights end too early.',
    'codes',
  ]);
});

it.each(['vgg-small', 'mobilenet', 'golden'])(
  'decodes %s to the same values to the last bit',
  async (name) => {
    const bytes =
      name === 'golden'
        ? golden().bytes
        : new Uint8Array(readFileSync(join(root, `examples/browser/models/${name}.tersor`)));
    const bits = ({ weights }: DecodedArtifact) =>
      weights.map(({ name: weight, data }) => [weight, Buffer.from(data.buffer).toString('base64')]);
    const inWasm = await decodeArtifact(bytes);
    const plain = await without(() => decodeArtifact(bytes));
    expect(bits(inWasm)).toEqual(bits(plain));
  },
);

it('decodes in JavaScript where there is no WebAssembly', async () => {
  const layout = { shape: [2], bits: 2, spatial: false, sliceMap: false, reference: new Uint8Array(2) };
  await without(async () => expect(decodeInWasm(new Uint8Array(4), new Uint8Array(2), layout)).toBe(false));
});

it('is what tools/runtime-decoder.mjs makes of wasm/range-decoder.as', () => {
  const script = `import('./tools/runtime-decoder.mjs').then(async ({ decoderModule }) => process.stdout.write(await decoderModule()))`;
  const made = execFileSync(process.execPath, ['-e', script], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const lines = [...made.matchAll(/^ {2}'(.*)',$/gm)].map(([, line]) => line);
  // Run `node tools/runtime-decoder.mjs` where this fails.
  expect(decoderCode).toBe(lines.join(''));
});
