import { policyWords } from './policy-words.js';

it('says of a plan which channels, slices and layers of a group stay', () => {
  const plan = [
    { pruner: 'channel', group: 'conv1', keep: [0, 2, 5] },
    { pruner: 'slices', group: 'conv2', zeroSlices: [{ layer: 'conv2', slices: [1, 2, 3, 4] }] },
    { pruner: 'block', group: 'add1', removeLayers: ['conv3', 'add1'] },
    { pruner: 'channel', group: 'conv4' },
  ];
  expect(policyWords(plan)).toEqual({
    conv1: '3 channels',
    conv2: '4 slices zero',
    add1: 'removed',
    conv4: 'whole',
  });
});

it('says the bits of a layer, takes words as they are, and is empty for another kind of policy', () => {
  expect(policyWords({ conv1: 8, conv2: 3 })).toEqual({ conv1: '8 bits', conv2: '3 bits' });
  expect(policyWords(policyWords({ conv1: 8 }))).toEqual({ conv1: '8 bits' });
  for (const other of [undefined, 'text', 7, { conv1: [1] }, [1, 'x', {}]])
    expect(policyWords(other)).toEqual({});
});
