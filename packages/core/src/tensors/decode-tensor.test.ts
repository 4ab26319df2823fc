import { decodeTensor } from './decode-tensor.js';

describe('decodeTensor', () => {
  it('gives (code - zero) * scale of the channel for a linear tensor', () => {
    const values = decodeTensor({
      codec: 'linear',
      shape: [2, 2],
      bits: 2,
      axis: 1,
      codes: Uint8Array.of(0, 1, 2, 3),
      scale: Float32Array.of(0.5, 2),
      zero: Float32Array.of(1, 2),
    });
    expect([...values]).toEqual([-0.5, -2, 0.5, 2]);
  });

  it('looks codes up in the code book of the group', () => {
    const values = decodeTensor({
      codec: 'codebook',
      shape: [2, 2],
      bits: 1,
      axis: 0,
      codes: Uint8Array.of(0, 1, 1, 0),
      codebook: Float32Array.of(1, 2, 3, 4),
    });
    expect([...values]).toEqual([1, 2, 4, 3]);
  });
});
