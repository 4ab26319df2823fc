import { resolve } from 'node:path';
import { isInside } from './is-inside.js';

test.each([
  ['/models', '/models'],
  ['/models', '/models/net/model.json'],
  ['/models/', '/models/..hidden'],
  ['/', '/models'],
  ['.', 'model.json'],
  [resolve('models'), 'models/net/../model.json'],
])('%s holds %s', (folder, path) => {
  expect(isInside(folder, path)).toBe(true);
});

test.each([
  ['/models', '/'],
  ['/models', '/models-of-others/model.json'],
  ['/models', '/models/../secret'],
  ['/models', '/models/net/../../secret'],
  ['.', '../model.json'],
])('%s does not hold %s', (folder, path) => {
  expect(isInside(folder, path)).toBe(false);
});
