import { createRequire } from 'node:module';

/** The little of jStat that is needed; it brings no types. */
interface JStat {
  readonly jStat: {
    readonly studentt: {
      inv(share: number, freedom: number): number;
      cdf(t: number, freedom: number): number;
    };
    readonly normal: {
      inv(share: number, mean: number, deviation: number): number;
      cdf(z: number, mean: number, deviation: number): number;
    };
  };
}

const { jStat } = createRequire(__filename)('jstat') as JStat;
/**
 * From here on Student's distribution is the normal one to six digits, and jStat's incomplete beta function
 * loses some.
 */
const NORMAL_FROM = 1e6;

/** Quantile of Student's t distribution; `freedom` need not be whole, and may be infinite. */
export function studentQuantile(share: number, freedom: number): number {
  return freedom < NORMAL_FROM ? jStat.studentt.inv(share, freedom) : jStat.normal.inv(share, 0, 1);
}

/** Two-sided p of a t statistic: how likely chance alone takes it as far from 0. */
export function studentP(t: number, freedom: number): number {
  const below =
    freedom < NORMAL_FROM ? jStat.studentt.cdf(-Math.abs(t), freedom) : jStat.normal.cdf(-Math.abs(t), 0, 1);
  return Math.min(1, 2 * below);
}
