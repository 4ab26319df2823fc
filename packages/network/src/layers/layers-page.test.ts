import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLayersTable } from '../../test/layers-page.js';
import { knownLayers } from './layer-table.js';

test('docs/guide/layers.md holds the table that the facts give: else run npm run docs:layers', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/guide/layers.md'), 'utf8');
  expect(page).toBe(withLayersTable(page, knownLayers()));
  expect(page).toContain(
    '| `Conv2D` | mixed by the kernel | `kernel` 2 in, 3 out; `bias` 0 | output position |',
  );
});
