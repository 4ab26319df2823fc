// npm run docs:layers: prints what is known of each layer class into docs/guide/layers.md. A test of
// packages/network fails where the page and the facts differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packages.mjs';

const network = join(root, 'packages/network');
const { knownLayers } = await import(join(network, 'src/layers/layer-table.ts'));
const { withLayersTable } = await import(join(network, 'test/layers-page.ts'));
const page = join(root, 'docs/guide/layers.md');
writeFileSync(page, withLayersTable(readFileSync(page, 'utf8'), knownLayers()));
