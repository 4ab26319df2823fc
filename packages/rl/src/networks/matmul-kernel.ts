/**
 * The one inner loop of this package that needs vector instructions, as a WebAssembly module of some 400
 * bytes put together here: JavaScript engines don't vectorize loops over typed arrays, and a tensor library's
 * cost per operation is larger than these small matrices are worth.
 *
 * `multiply(a, b, c, rows, inner, columns, aRow, aInner, bInner, cRow)` computes `C = A B` in tiles of 4 x 8
 * held in registers; addresses and strides are in bytes, so that A may be read transposed. Rows are taken by
 * 4 and columns by 8: what lies past the ends is read, and written to C's padding.
 */
export interface MatmulKernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  multiply(
    a: number,
    b: number,
    c: number,
    rows: number,
    inner: number,
    columns: number,
    aRow: number,
    aInner: number,
    bInner: number,
    cRow: number,
  ): void;
}

/**
 * The part of the WebAssembly interface that is used: its types come with browser libraries, which Node
 * packages don't include.
 */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: MatmulKernel };
  };
};

const TILE_ROWS = 4;
const I32 = 0x7f;
const V128 = 0x7b;
const PARAMETERS = ['a', 'b', 'c', 'rows', 'inner', 'columns', 'aRow', 'aInner', 'bInner', 'cRow'];
const COUNTERS = ['row', 'column', 'left', 'pa0', 'pa1', 'pa2', 'pa3', 'pb', 'pc'];
const VECTORS = ['b0', 'b1', ...Array.from({ length: 2 * TILE_ROWS }, (_, i) => `sum${i}`)];

type Code = readonly number[];

const local = new Map([...PARAMETERS, ...COUNTERS, ...VECTORS].map((name, index) => [name, index]));
const get = (name: string): Code => [0x20, local.get(name)!];
const set = (name: string, ...value: Code[]): Code => [...value.flat(), 0x21, local.get(name)!];
const constant = (value: number): Code => [0x41, value];
const add = (left: Code, right: Code): Code => [...left, ...right, 0x6a];
const times = (left: Code, right: Code): Code => [...left, ...right, 0x6c];
const lessThan = (left: Code, right: Code): Code => [...left, ...right, 0x49];
const repeatWhile = (body: Code[], condition: Code): Code => [
  0x03,
  0x40,
  ...body.flat(),
  ...condition,
  0x0d,
  0,
  0x0b,
];
// The second byte of a memory access is its alignment as a power of two, the third its offset.
const loadVector = (address: Code, offset: number): Code => [...address, 0xfd, 0x00, 2, offset];
const loadSplat = (address: Code): Code => [...address, 0xfd, 0x09, 2, 0];
const storeVector = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  0xfd,
  0x0b,
  2,
  offset,
];
const zeroVector: Code = [0xfd, 0x0c, ...Array<number>(16).fill(0)];
const addVectors = (left: Code, right: Code): Code => [...left, ...right, 0xfd, 0xe4, 0x01];
const timesVectors = (left: Code, right: Code): Code => [...left, ...right, 0xfd, 0xe6, 0x01];

const tileRows = Array.from({ length: TILE_ROWS }, (_, i) => i);

const tile: Code[] = [
  set('pb', add(get('b'), times(get('column'), constant(4)))),
  ...tileRows.map((i) => set(`pa${i}`, add(get('a'), times(add(get('row'), constant(i)), get('aRow'))))),
  ...tileRows.flatMap((i) => [set(`sum${2 * i}`, zeroVector), set(`sum${2 * i + 1}`, zeroVector)]),
  set('left', get('inner')),
  repeatWhile(
    [
      set('b0', loadVector(get('pb'), 0)),
      set('b1', loadVector(get('pb'), 16)),
      ...tileRows.flatMap((i) =>
        [0, 1].map((half) =>
          set(
            `sum${2 * i + half}`,
            addVectors(get(`sum${2 * i + half}`), timesVectors(loadSplat(get(`pa${i}`)), get(`b${half}`))),
          ),
        ),
      ),
      ...tileRows.map((i) => set(`pa${i}`, add(get(`pa${i}`), get('aInner')))),
      set('pb', add(get('pb'), get('bInner'))),
    ],
    // The counter goes down to zero, which ends the loop.
    [...set('left', [...get('left'), ...constant(1), 0x6b]), ...get('left')],
  ),
  set('pc', add(get('c'), add(times(get('row'), get('cRow')), times(get('column'), constant(4))))),
  ...tileRows.flatMap((i) => [
    storeVector(get('pc'), 0, get(`sum${2 * i}`)),
    storeVector(get('pc'), 16, get(`sum${2 * i + 1}`)),
    set('pc', add(get('pc'), get('cRow'))),
  ]),
  set('row', add(get('row'), constant(TILE_ROWS))),
];

/** Columns outside, rows inside: the eight columns of B that a tile reads stay in the first cache. */
const body: Code[] = [
  set('column', constant(0)),
  repeatWhile(
    [
      set('row', constant(0)),
      repeatWhile(tile, lessThan(get('row'), get('rows'))),
      set('column', add(get('column'), constant(8))),
    ],
    lessThan(get('column'), get('columns')),
  ),
];

function vector(items: readonly Code[]): Code {
  return [...length(items.length), ...items.flat()];
}

function sized(bytes: Code): Code {
  return [...length(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function length(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...length(value >>> 7)];
}

function name(text: string): Code {
  return sized([...text].map((letter) => letter.charCodeAt(0)));
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const declarations = vector([
    [COUNTERS.length, I32],
    [VECTORS.length, V128],
  ]);
  const section = (id: number, content: Code): Code => [id, ...sized(content)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([[0x60, ...vector(PARAMETERS.map(() => [I32])), ...vector([])]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x00, 1]])),
    ...section(
      7,
      vector([
        [...name('memory'), 0x02, 0],
        [...name('multiply'), 0x00, 0],
      ]),
    ),
    ...section(10, vector([sized([...declarations, ...body.flat(), 0x0b])])),
  ]);
}

/** Compiles the kernel. Its memory starts with one page; the caller grows it. */
export function createMatmulKernel(): MatmulKernel {
  return new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports;
}
