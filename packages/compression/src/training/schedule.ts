/** How the learning rate moves over a training. */
export type Schedule = 'cosine' | 'one-cycle' | 'constant';

/**
 * Learning rate at `progress` (0 at the start, 1 at the end). `cosine`: half a cosine from `peak` to 0
 * (Loshchilov and Hutter 2017). `one-cycle`: linear from a tenth up to `peak` in the first fifth, then half a
 * cosine down to 0 (after Smith 2018).
 */
export function learningRateAt(schedule: Schedule, peak: number, progress: number): number {
  if (schedule === 'constant') return peak;
  const warm = schedule === 'one-cycle' ? 0.2 : 0;
  if (progress < warm) return peak * (0.1 + (0.9 * progress) / warm);
  return (peak * (1 + Math.cos((Math.PI * (progress - warm)) / (1 - warm)))) / 2;
}
