/** One way to do a layer. */
export interface Choice {
  readonly size: number;
  readonly error: number;
}

/** A choice for each of the layers so far. */
interface State extends Choice {
  readonly before?: State;
  readonly pick: number;
}

/**
 * One choice a layer with the least sum of errors whose sizes fit into `room`: the multiple-choice knapsack
 * problem, solved exactly (Kellerer, Pferschy, Pisinger, Knapsack Problems, 2004, chapter 11). Layer by layer
 * it keeps the choices so far that no others are both smaller and better than, and of these the ones that can
 * still end below `known`: what the rest loses at least is known from the Lagrange multiplier of the room.
 *
 * @param known the sum of errors of choices that fit
 * @returns by layer, the place of its choice; undefined when nothing has a smaller error than `known`
 */
export function leastError(
  layers: readonly (readonly Choice[])[],
  room: number,
  known: number,
): number[] | undefined {
  const price = bestPrice(layers, room);
  const costs = layers.map((choices) => Math.min(...choices.map(({ size, error }) => error + price * size)));
  let states: State[] = [{ size: 0, error: 0, pick: -1 }];
  for (const [layer, choices] of layers.entries()) {
    const rest = costs.slice(layer + 1).reduce((sum, cost) => sum + cost, 0);
    const more = states.flatMap((before) =>
      choices.flatMap(({ size, error }, pick): State[] => {
        const state = { size: before.size + size, error: before.error + error, before, pick };
        const bound = state.error + rest - price * (room - state.size);
        return state.size <= room && bound < known ? [state] : [];
      }),
    );
    more.sort((a, b) => a.size - b.size || a.error - b.error);
    let least = Infinity;
    states = more.filter(({ error }) => error < least && ((least = error), true));
  }
  const best = states.at(-1);
  if (!best || best.error >= known) return undefined;
  const picks: number[] = [];
  for (let state = best; state.before; state = state.before) picks.unshift(state.pick);
  return picks;
}

/** A sum of errors that no choices that fit can be below: the Lagrangian bound. */
export function leastPossible(layers: readonly (readonly Choice[])[], room: number): number {
  const price = bestPrice(layers, room);
  return layers.reduce(
    (sum, choices) => sum + Math.min(...choices.map(({ size, error }) => error + price * size)),
    -price * room,
  );
}

/** The price of a byte at which the bound is the highest; the bound is concave in it. */
function bestPrice(layers: readonly (readonly Choice[])[], room: number): number {
  const sizeAt = (price: number) =>
    layers.reduce((sum, choices) => {
      const costs = choices.map(({ size, error }) => error + price * size);
      return sum + choices[costs.indexOf(Math.min(...costs))]!.size;
    }, 0);
  if (sizeAt(0) <= room) return 0;
  let [low, high] = [0, 1e-12];
  while (sizeAt(high) > room && high < 1e12) [low, high] = [high, 4 * high];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (sizeAt(middle) > room) low = middle;
    else high = middle;
  }
  return high;
}
