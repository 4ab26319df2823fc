import '@tensorflow/tfjs-backend-cpu';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { createRandom, type Random } from '@tersor/core';
import { ArtifactError, decodeArtifact, loadModel, type DecodedArtifact } from '@tersor/runtime';
import { goldenModel } from '../../test/golden-graph.js';
import { HARM } from '../../test/harmful-headers.js';
import { headerJson, headerOf, sealed, sectionsOf } from '../../test/sealed-sections.js';
import { packModel } from './pack-model.js';

const MUTATIONS = 5000;
/** Weights that a mutant may ask for: a file of 2 kB that decodes to more is a bomb. */
const MAX_WEIGHTS = 2 ** 20;

let file: Uint8Array;
let original: DecodedArtifact;

beforeAll(async () => {
  await setBackend('cpu');
  const { graph, encoded } = await goldenModel();
  file = packModel(graph, encoded);
  original = await decodeArtifact(file);
});

/**
 * One to four random changes: flipped bits, random or extreme bytes, cuts, insertions, doubled and exchanged
 * pieces.
 */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result = [...bytes];
  for (let change = random.integer(4); change >= 0; change--) {
    const at = random.integer(result.length);
    const length = 1 + random.integer(16);
    const kinds = [
      () => (result[at]! ^= 1 << random.integer(8)),
      () => (result[at] = random.integer(256)),
      () => (result[at] = [0, 1, 127, 128, 255][random.integer(5)]!),
      () => (result = result.slice(0, at + 1)),
      () => result.splice(at, length),
      () => result.splice(at, 0, ...Array.from({ length }, () => random.integer(256))),
      () => result.splice(at, 0, ...result.slice(at, at + 8 * length)),
      () => result.splice(at, 4, 255, 255, 255, random.integer(256)),
    ];
    kinds[random.integer(kinds.length)]!();
  }
  return Uint8Array.from(result);
}

async function outcome(bytes: Uint8Array): Promise<DecodedArtifact | ArtifactError> {
  try {
    return await decodeArtifact(bytes, { maxWeights: MAX_WEIGHTS });
  } catch (error) {
    if (error instanceof ArtifactError) return error;
    throw error;
  }
}

it(`finds every one of ${MUTATIONS} random damages`, async () => {
  const random = createRandom(1, 'damage');
  for (let i = 0; i < MUTATIONS; i++) {
    const mutant = mutate(file, random);
    if (Buffer.from(mutant).equals(Buffer.from(file))) continue;
    const result = await outcome(mutant);
    if (!(result instanceof ArtifactError)) throw new Error(`mutation ${i} went unnoticed`);
  }
});

it(`survives ${MUTATIONS} mutants whose checksums were made right again: a typed error, or weights of the declared shapes`, async () => {
  const random = createRandom(2, 'harm');
  const bodies = sectionsOf(file);
  let decodedAnyway = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const target = random.integer(bodies.length);
    const result = await outcome(
      sealed(bodies.map((body, k) => (k === target ? mutate(body, random) : body))),
    );
    if (result instanceof ArtifactError) continue;
    decodedAnyway++;
    for (const { data, shape } of result.weights)
      expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
  }
  // Changed floats of a table are valid; if nothing came through, the test would not have reached past the
  // checksums.
  expect(decodedAnyway).toBeGreaterThan(100);
});

it('gives the original for a file that is only resealed', async () => {
  expect(await outcome(sealed(sectionsOf(file)))).toEqual(original);
});

describe('a header that is well formed and means harm', () => {
  // tfjs warns of shapes that do not fit before it, or we, refuse them.
  beforeAll(() => void jest.spyOn(console, 'warn').mockImplementation(() => undefined));
  afterAll(() => jest.restoreAllMocks());

  it.each(Object.keys(HARM))(
    'with %s gives a typed error or a model, soon, and leaves no tensor',
    async (kind) => {
      const random = createRandom(3, kind);
      const [header, ...weights] = sectionsOf(file);
      for (let round = 0; round < 20; round++) {
        const json = headerJson(header!);
        const text = HARM[kind]!(json, random);
        const mutant = sealed([headerOf(typeof text === 'string' ? text : json), ...weights]);
        const before = memory().numTensors;
        const start = process.cpuUsage();
        const result = await loadModel(mutant).catch((error: unknown) => error);
        // Microseconds: far above what any takes (a tenth of a second), far below what 2^26 weights take.
        const { user, system } = process.cpuUsage(start);
        expect(user + system).toBeLessThan(5e6);
        if (result instanceof Error) expect([kind, result.name]).toEqual([kind, 'ArtifactError']);
        else (result as Awaited<ReturnType<typeof loadModel>>).dispose();
        expect(memory().numTensors).toBe(before);
      }
    },
  );
});
