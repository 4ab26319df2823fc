#!/usr/bin/env -S node --conditions=tersor/source
// `npx tersor` in a clone: the command line from its sources, without a build.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('../read-sources.cjs');
require('../../packages/cli/src/main.ts');
