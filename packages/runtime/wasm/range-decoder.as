// range-decoder.ts, symbol-model.ts and what transfer-codes.ts does with them, in AssemblyScript, statement by
// statement. `node tools/runtime-decoder.mjs` compiles it to src/coding/decoder-code.ts; a test compares both decoders.
// All arrays lie in linear memory, where the caller puts them.
const TOTAL_BITS: i32 = 15;
const TOTAL: i32 = 1 << TOTAL_BITS;
const RANGE_LIMIT: i32 = 1 << 22;
const RANGE_START: i32 = (1 << 30) - 1;

let payload: usize = 0;
let length: i32 = 0;
let at: i32 = 0;
let range: i32 = 0;
let code: i32 = 0;

// The model: one at a time.
let size: i32 = 0;
let starts: usize = 0; // u16, size + 1 a context
let counts: usize = 0; // u32, size a context
let totals: usize = 0; // u32
let seen: usize = 0; // u32
let due: usize = 0; // u32
let entries: usize = 0; // u8, 256 a context

@inline
function next(): i32 {
  const i = at++;
  if (i < length) return load<u8>(payload + i);
  if (i >= length + 4) unreachable();
  return 0;
}

function rebuild(context: i32): void {
  const base = starts + ((context * (size + 1)) << 1);
  const total = load<u32>(totals + (context << 2));
  let start = 0;
  let entry = 0;
  const table = entries + (context << 8);
  for (let symbol = 0; symbol < size; symbol++) {
    store<u16>(base + (symbol << 1), <u16>start);
    const count = <u64>load<u32>(counts + ((context * size + symbol) << 2));
    start += 1 + <i32>((count * <u64>(TOTAL - size)) / <u64>total);
    const end = (start + 127) >> 7;
    for (; entry < end; entry++) store<u8>(table + entry, <u8>symbol);
  }
  store<u16>(base + (size << 1), <u16>TOTAL);
  for (; entry < 256; entry++) store<u8>(table + entry, <u8>(size - 1));
}

function adapt(context: i32): void {
  const known = <i32>load<u32>(seen + (context << 2));
  store<u32>(due + (context << 2), known + max(4, min(4096, known >> 3)));
  const from = counts + ((context * size) << 2);
  let total: u32 = 0;
  for (let i = 0; i < size; i++) total += load<u32>(from + (i << 2));
  if (total > 1 << 16) {
    total = 0;
    for (let i = 0; i < size; i++) {
      const half = (load<u32>(from + (i << 2)) + 1) >> 1;
      store<u32>(from + (i << 2), half);
      total += half;
    }
  }
  store<u32>(totals + (context << 2), total);
  rebuild(context);
}

function newModel(place: usize, contexts: i32, symbols: i32): void {
  size = symbols;
  counts = place;
  totals = counts + ((contexts * size) << 2);
  seen = totals + (contexts << 2);
  due = seen + (contexts << 2);
  starts = due + (contexts << 2);
  entries = starts + ((contexts * (size + 1)) << 1);
  for (let i = 0; i < contexts * size; i++) store<u32>(counts + (i << 2), 1);
  for (let context = 0; context < contexts; context++) {
    store<u32>(totals + (context << 2), size);
    store<u32>(seen + (context << 2), 0);
    store<u32>(due + (context << 2), 4);
    rebuild(context);
  }
}

@inline
function symbol(context: i32): i32 {
  const unit = range >>> TOTAL_BITS;
  const share = code / unit;
  const value = min(share, TOTAL - 1);
  const base = starts + ((context * (size + 1)) << 1);
  let found = <i32>load<u8>(entries + ((context << 8) | (value >> 7)));
  while (<i32>load<u16>(base + (found << 1), 2) <= value) found++;
  const low = unit * <i32>load<u16>(base + (found << 1));
  range = found == size - 1 ? range - low : unit * <i32>load<u16>(base + (found << 1), 2) - low;
  code -= low;
  while (range < RANGE_LIMIT) {
    range <<= 8;
    code = (code << 8) | next();
  }
  const count = counts + ((context * size + found) << 2);
  store<u32>(count, load<u32>(count) + 2);
  const now = load<u32>(seen + (context << 2)) + 1;
  store<u32>(seen + (context << 2), now);
  if (now == load<u32>(due + (context << 2))) adapt(context);
  return found;
}

/**
 * Decodes `count` codes; `zero` is room for the slice map, `model` for a model. Gives the number of bytes left over, or
 * -1 where the first ones cannot be; it traps where the bytes end too early.
 */
export function decode(
  bytes: usize, byteLength: i32, codes: usize, count: i32, slices: i32, columns: i32, width: i32,
  bits: i32, spatial: bool, map: bool, reference: usize, level: usize, zero: usize, model: usize,
): i32 {
  payload = bytes;
  length = byteLength;
  at = 0;
  range = RANGE_START;
  code = 0;
  for (let i = 0; i < 4; i++) code = (code << 8) | next();
  if (code < 0 || code >= RANGE_START) return -1;
  if (map) {
    newModel(model, 16, 2);
    for (let slice = 0; slice < slices; slice++) {
      let context = 0;
      if (slice >= 1) context |= load<u8>(zero + slice - 1);
      if (slice >= 2) context |= <i32>load<u8>(zero + slice - 2) << 1;
      if (slice >= columns) context |= <i32>load<u8>(zero + slice - columns) << 2;
      if (slice >= 2 * columns) context |= <i32>load<u8>(zero + slice - 2 * columns) << 3;
      store<u8>(zero + slice, <u8>symbol(context));
    }
  }
  newModel(model, spatial ? 8 : 1, 1 << bits);
  const origin = 2 * ((1 << bits) - 1);
  const positions = slices == 0 ? 0 : count / slices;
  for (let position = 0; position < positions; position++) {
    const start = position * slices;
    const left = spatial && position % width > 0 ? slices : 0;
    const above = spatial && position >= width ? width * slices : 0;
    for (let slice = 0; slice < slices; slice++) {
      const place = codes + start + slice;
      if (map && load<u8>(zero + slice) == 1) {
        store<u8>(place, load<u8>(reference + slice));
        continue;
      }
      let context = 0;
      if (left + above > 0) {
        const middle = <i32>load<u8>(reference + slice);
        let sum = origin;
        if (left > 0) sum += <i32>load<u8>(place - left) - middle;
        if (above > 0) sum += <i32>load<u8>(place - above) - middle;
        context = load<u8>(level + sum);
      }
      store<u8>(place, <u8>symbol(context));
    }
  }
  return max(0, length - at);
}
