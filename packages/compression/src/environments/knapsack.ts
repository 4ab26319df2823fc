/** One way to do a layer. */
export interface Choice {
  /** One for each of the limits, in their order. */
  readonly sizes: readonly number[];
  readonly error: number;
}

/** A choice for each of the layers so far. */
interface State extends Choice {
  readonly before?: State;
  readonly pick: number;
}

/** Several limits: with more choices so far that no others beat, it would take too long. */
const MOST_STATES = 3000;
/** Steps towards the prices of several limits. */
const STEPS = 300;

/**
 * One choice a layer with the least sum of errors whose sizes fit into the rooms: the multiple-choice
 * knapsack problem, with one limit or several, solved exactly (Kellerer, Pferschy, Pisinger, Knapsack
 * Problems, 2004, chapters 9 and 11). Layer by layer it keeps the choices so far that no others are as small
 * in every limit and better than, and of these the ones that can still end below `known`: what the rest loses
 * at least is known from the Lagrange multipliers of the rooms.
 *
 * @param rooms of the limits, in the order of the choices' sizes
 * @param known the sum of errors of choices that fit
 * @returns by layer, the place of its choice; undefined when nothing has a smaller error than `known`, or
 *   where that would take too long to find out
 */
export function leastError(
  layers: readonly (readonly Choice[])[],
  rooms: readonly number[],
  known: number,
): number[] | undefined {
  const prices = bestPrices(layers, rooms, known);
  const costs = layers.map((choices) => Math.min(...choices.map((choice) => costOf(choice, prices))));
  let states: State[] = [{ sizes: rooms.map(() => 0), error: 0, pick: -1 }];
  for (const [layer, choices] of layers.entries()) {
    const rest = costs.slice(layer + 1).reduce((sum, cost) => sum + cost, 0) - sumOf(prices, rooms);
    const more = states.flatMap((before) =>
      choices.flatMap(({ sizes, error }, pick): State[] => {
        const all = sizes.map((size, limit) => before.sizes[limit]! + size);
        const state = { sizes: all, error: before.error + error, before, pick };
        return all.every((size, limit) => size <= rooms[limit]!) && costOf(state, prices) + rest < known
          ? [state]
          : [];
      }),
    );
    states = unbeaten(more);
    if (rooms.length > 1 && states.length > MOST_STATES) return undefined;
  }
  const best = states.reduce<State | undefined>(
    (least, state) => (state.error < (least?.error ?? known) ? state : least),
    undefined,
  );
  if (!best) return undefined;
  const picks: number[] = [];
  for (let state = best; state.before; state = state.before) picks.unshift(state.pick);
  return picks;
}

/** A sum of errors that no choices that fit can be below, whatever the prices: the Lagrangian bound. */
export function leastPossible(
  layers: readonly (readonly Choice[])[],
  rooms: readonly number[],
  prices: readonly number[],
): number {
  return layers.reduce(
    (sum, choices) => sum + Math.min(...choices.map((choice) => costOf(choice, prices))),
    -sumOf(prices, rooms),
  );
}

/** Those that no other is as small in every limit and better than. */
function unbeaten(states: State[]): State[] {
  states.sort((a, b) => a.sizes[0]! - b.sizes[0]! || a.error - b.error);
  const others = states[0] ? states[0].sizes.slice(1).map((_, i) => i + 1) : [];
  // With one limit, the one kept last is the best one so far.
  const rivals = (kept: readonly State[]) => (others.length === 0 ? kept.slice(-1) : kept);
  const kept: State[] = [];
  for (const state of states) {
    const isBeaten = rivals(kept).some(
      ({ sizes, error }) =>
        error <= state.error && others.every((limit) => sizes[limit]! <= state.sizes[limit]!),
    );
    if (!isBeaten) kept.push(state);
    if (others.length > 0 && kept.length > MOST_STATES) break;
  }
  return kept;
}

/**
 * Prices of the limits' units, which are the Lagrange multipliers of the rooms. The bound is concave in them.
 * With one limit they give the highest bound; with several, one near it, by steps along the subgradient as
 * long as `known` lets hope for (Polyak, USSR Computational Mathematics 9, 1969).
 *
 * @param known a sum of errors of choices that fit
 */
export function bestPrices(
  layers: readonly (readonly Choice[])[],
  rooms: readonly number[],
  known: number,
): number[] {
  const cheapest = (prices: readonly number[]) =>
    layers.map((choices) => {
      const costs = choices.map((choice) => costOf(choice, prices));
      return choices[costs.indexOf(Math.min(...costs))]!;
    });
  const sizesOf = (choices: readonly Choice[]) =>
    rooms.map((_, limit) => choices.reduce((sum, { sizes }) => sum + sizes[limit]!, 0));
  if (rooms.length === 1) return [leastPrice((price) => sizesOf(cheapest([price]))[0]! <= rooms[0]!)];
  // In shares of the rooms, so that steps in all limits are alike.
  const scales = rooms.map((room) => room || 1);
  let prices = rooms.map(() => 0);
  let best = { prices, bound: -Infinity };
  for (let step = 0; step < STEPS; step++) {
    const chosen = cheapest(prices);
    const over = sizesOf(chosen).map((size, limit) => (size - rooms[limit]!) / scales[limit]!);
    const bound = chosen.reduce((sum, choice) => sum + costOf(choice, prices), 0) - sumOf(prices, rooms);
    if (bound > best.bound) best = { prices, bound };
    const length = over.reduce((sum, each) => sum + each * each, 0);
    const stride = Math.max(0, known - bound) / (length || 1) / (1 + step / 20);
    prices = prices.map((price, limit) => Math.max(0, price + (stride * over[limit]!) / scales[limit]!));
  }
  return best.prices;
}

/** The least price, nearly, at which all fits. */
function leastPrice(fits: (price: number) => boolean): number {
  if (fits(0)) return 0;
  let [low, high] = [0, 1e-12];
  while (!fits(high) && high < 1e12) [low, high] = [high, 4 * high];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function costOf({ sizes, error }: Choice, prices: readonly number[]): number {
  return error + sumOf(prices, sizes);
}

function sumOf(prices: readonly number[], sizes: readonly number[]): number {
  return prices.reduce((sum, price, limit) => sum + price * sizes[limit]!, 0);
}
