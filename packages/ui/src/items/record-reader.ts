import { openRegular } from './open-regular.js';

/** Reads a record that grows: each call reads only what is new. */
export interface RecordReader<State> {
  /** Undefined where there is no record. */
  read(): Promise<State | undefined>;
}

/** Most that is read at once. */
const PART = 1 << 24;

/**
 * Reads a file of one JSON object per line, which another process appends to. A line that is not whole yet
 * waits for its rest; one that is not JSON, or
 * that `take` throws for, is passed over.
 * @param take adds a line to a state that it may change
 */
export function createRecordReader<State extends object, Line>(
  path: string,
  empty: () => State,
  take: (state: State, line: Line) => void,
): RecordReader<State> {
  let state = empty();
  let file: number | undefined;
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);
  const takeAll = (bytes: Buffer) => {
    const end = bytes.lastIndexOf(10) + 1;
    rest = Buffer.from(bytes.subarray(end));
    for (const text of bytes.toString('utf8', 0, end).split('\n')) {
      try {
        const line: unknown = JSON.parse(text);
        if (typeof line === 'object' && line !== null) take(state, line as Line);
      } catch {
        // Not JSON, or of another version.
      }
    }
  };
  const readOn = async (): Promise<State | undefined> => {
    const handle = await openRegular(path);
    if (!handle) return undefined;
    try {
      const { size, ino } = await handle.stat();
      if (ino !== file || size < offset) [state, file, offset, rest] = [empty(), ino, 0, Buffer.alloc(0)];
      while (offset < size) {
        const length = Math.min(PART, size - offset);
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        takeAll(Buffer.concat([rest, buffer.subarray(0, bytesRead)]));
      }
      // Whoever was given a state keeps it as it was.
      return Object.fromEntries(
        Object.entries(state).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]),
      ) as State;
    } finally {
      await handle.close();
    }
  };
  let last: Promise<State | undefined> = Promise.resolve(undefined);
  // One after the other: each goes on where the one before ended.
  return { read: () => (last = last.then(readOn, readOn)) };
}
