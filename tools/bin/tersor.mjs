#!/usr/bin/env -S node --conditions=tersor/source --import tsx
// `npx tersor` in a clone: the command line from its sources, without a build.
import '../../packages/cli/src/main.ts';
