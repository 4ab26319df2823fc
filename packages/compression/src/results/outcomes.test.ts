import { outcomesOf, packBits, unpackBits } from './outcomes.js';

describe('outcomes', () => {
  it('packs one bit an image, the first lowest, and reads it back', () => {
    expect(packBits([1, 0, 0, 0, 0, 0, 0, 1, 0, 1])).toBe(Buffer.from([0b10000001, 0b10]).toString('base64'));
    expect([...unpackBits(packBits([1, 0, 0, 0, 0, 0, 0, 1, 0, 1]), 10)!]).toEqual([
      1, 0, 0, 0, 0, 0, 0, 1, 0, 1,
    ]);
  });

  it('does not read bits that are not there', () => expect(unpackBits(packBits([1, 0]), 9)).toBeUndefined());

  it('takes 1,252 bytes of text for each network on 7,500 images', () => {
    expect(packBits(new Uint8Array(7500))).toHaveLength(1252);
  });

  it('tells test sets apart by their labels and the order of these', () => {
    const id = (labels: number[]) => {
      const answers = { accuracy: 0.5, right: Uint8Array.of(1, 0), labels: Int32Array.from(labels) };
      return outcomesOf(answers, answers).images;
    };
    expect(id([1, 2])).toMatch(/^[0-9a-f]{16}$/);
    expect(id([1, 2])).toBe(id([1, 2]));
    expect(id([1, 2])).not.toBe(id([2, 1]));
  });
});
