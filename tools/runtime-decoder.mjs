// node tools/runtime-decoder.mjs: compiles packages/runtime/wasm/range-decoder.as to WebAssembly, and writes
// packages/runtime/src/coding/decoder-code.ts, which holds it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { root } from './packages.mjs';

const runtime = join(root, 'packages/runtime');

/** The text of packages/runtime/src/coding/decoder-code.ts. */
export async function decoderModule() {
  const source = readFileSync(join(runtime, 'wasm/range-decoder.as'), 'utf8');
  let code;
  const { error, stderr } = await asc.main(
    ['decoder.ts', '-O3', '--noAssert', '--runtime', 'stub', '--outFile', 'decoder.wasm'],
    {
      readFile: (name) => (name === 'decoder.ts' ? source : null),
      writeFile: (_, contents) => void (code = contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const lines = Buffer.from(code)
    .toString('base64')
    .match(/.{1,90}/g);
  return `// Made by \`node tools/runtime-decoder.mjs\` from wasm/range-decoder.as; a test holds it equal to that.
/** The range decoder as WebAssembly, in base64. */
export const decoderCode = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(runtime, 'src/coding/decoder-code.ts'), await decoderModule());
