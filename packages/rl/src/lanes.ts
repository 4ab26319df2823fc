/** What an agent holds of its episodes under way, by lane: replaced, never written to. */
export type Lanes<T> = ReadonlyMap<number, T>;

/** The same with another value in one lane. */
export function withLane<T>(lanes: Lanes<T>, lane: number, value: T): Lanes<T> {
  return new Map([...lanes, [lane, value]]);
}

/** The same with nothing in one lane. */
export function withoutLane<T>(lanes: Lanes<T>, lane: number): Lanes<T> {
  return new Map([...lanes].filter(([other]) => other !== lane));
}
