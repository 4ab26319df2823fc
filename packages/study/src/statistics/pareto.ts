/**
 * Indexes of the points on the Pareto front, by ascending cost: no other point has a lower or equal cost and
 * a higher or equal gain with one of the two strictly better. Equal points are all kept. Takes O(n log n).
 */
export function paretoFront<T>(
  points: readonly T[],
  cost: (point: T) => number,
  gain: (point: T) => number,
): number[] {
  const order = points
    .map((_, index) => index)
    .sort((a, b) => cost(points[a]!) - cost(points[b]!) || gain(points[b]!) - gain(points[a]!));
  const front: number[] = [];
  let last: T | undefined;
  for (const index of order) {
    const point = points[index]!;
    const better = last === undefined || gain(point) > gain(last);
    const equal = last !== undefined && gain(point) === gain(last) && cost(point) === cost(last);
    if (!better && !equal) continue;
    front.push(index);
    last = point;
  }
  return front;
}
