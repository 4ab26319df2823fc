import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { createRandom, type Random } from '@tersor/rl';
import { ArtifactError, crc32, decodeArtifact, PREAMBLE_BYTES, SECTION_HEAD_BYTES, type DecodedArtifact } from '@tersor/runtime';
import { goldenModel } from '../../test/golden-graph.js';
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

/** One to four random changes: flipped bits, random or extreme bytes, cuts, insertions, doubled and exchanged pieces. */
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

/** Makes all lengths and checksums right again, as one who means harm would. */
function reseal(sections: readonly Uint8Array[]): Uint8Array {
  const preamble = file.slice(0, PREAMBLE_BYTES);
  let crc = crc32(preamble);
  const parts = [...preamble];
  for (const body of sections) {
    const head = new DataView(new ArrayBuffer(SECTION_HEAD_BYTES));
    head.setUint32(0, body.length, true);
    crc = crc32(body, crc32(new Uint8Array(head.buffer, 0, 4), crc));
    head.setUint32(4, crc, true);
    parts.push(...new Uint8Array(head.buffer), ...body);
  }
  return Uint8Array.from(parts);
}

function sectionsOf(bytes: Uint8Array): Uint8Array[] {
  const sections: Uint8Array[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    const start = at + SECTION_HEAD_BYTES;
    at = start + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    sections.push(bytes.slice(start, at));
  }
  return sections;
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
}, 60_000);

it(`survives ${MUTATIONS} mutants whose checksums were made right again: a typed error, or weights of the declared shapes`, async () => {
  const random = createRandom(2, 'harm');
  const bodies = sectionsOf(file);
  let decodedAnyway = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const target = random.integer(bodies.length);
    const result = await outcome(reseal(bodies.map((body, k) => (k === target ? mutate(body, random) : body))));
    if (result instanceof ArtifactError) continue;
    decodedAnyway++;
    for (const { data, shape } of result.weights) expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
  }
  // Changed floats of a table are valid; if nothing came through, the test would not have reached past the checksums.
  expect(decodedAnyway).toBeGreaterThan(100);
}, 60_000);

it('gives the original for a file that is only resealed', async () => {
  expect(await outcome(reseal(sectionsOf(file)))).toEqual(original);
});
