import type { ChosenPrecision, InferenceSession, LayerGraph, Precision } from '@tersor/core';

/** Milliseconds that a precision is timed for. */
const TIME = 500;
/** Images of one pass, so that convolutions have something to do. */
const LEAST_IMAGES = 64;
/** Less is taken only where it is this much faster: where both are alike, exact results decide. */
const WORTHWHILE = 0.9;

type Compile = (
  graph: LayerGraph,
  options: { readonly precision: Precision },
) => Promise<Pick<InferenceSession, 'run' | 'dispose'>>;

/**
 * Times a network in float32 and in bfloat16, in turns, half a second each and twice at least after a first
 * pass that does not count; the fastest pass of each is compared, since whatever else the machine does only
 * slows passes down. bfloat16 is chosen where it takes at most 0.9 of float32's time.
 */
export async function choosePrecision(
  compile: Compile,
  graph: LayerGraph,
  images: Float32Array,
  now: () => number = () => performance.now(),
): Promise<ChosenPrecision> {
  const size = graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>(
    (product, length) => product * (length ?? 1),
    1,
  );
  const given = images.length / size;
  const copies = Math.max(1, Math.ceil(LEAST_IMAGES / given));
  const batch = new Float32Array(copies * images.length);
  for (let i = 0; i < copies; i++) batch.set(images, i * images.length);
  const tried = await Promise.all(
    (['float32', 'bfloat16'] as const).map(async (precision) => ({
      precision,
      session: await compile(graph, { precision }),
      fastest: Infinity,
      spent: 0,
      passes: 0,
    })),
  );
  try {
    for (const { session } of tried) await session.run(batch);
    while (tried.some(({ spent, passes }) => spent < TIME || passes < 2))
      for (const each of tried) {
        const before = now();
        await each.session.run(batch);
        const passed = now() - before;
        each.spent += passed;
        each.passes++;
        each.fastest = Math.min(each.fastest, passed);
      }
  } finally {
    for (const { session } of tried) session.dispose();
  }
  const [float32, bfloat16] = tried.map(({ fastest }) => fastest / (copies * given)) as [number, number];
  return {
    precision: bfloat16 <= WORTHWHILE * float32 ? 'bfloat16' : 'float32',
    milliseconds: { float32, bfloat16 },
  };
}
