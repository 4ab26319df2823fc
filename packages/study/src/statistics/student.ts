import { createRequire } from 'node:module';

/** The small part of jStat that is used; the package has no types. */
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
 * From this many degrees of freedom, Student's distribution equals the normal one to six digits, and jStat's
 * incomplete beta function loses precision.
 */
const NORMAL_FROM = 1e6;

/** Quantile of Student's t distribution; `freedom` may be fractional or infinite. */
export function studentQuantile(share: number, freedom: number): number {
  return freedom < NORMAL_FROM ? jStat.studentt.inv(share, freedom) : jStat.normal.inv(share, 0, 1);
}

/** Two-sided p value of a t statistic. */
export function studentP(t: number, freedom: number): number {
  const below =
    freedom < NORMAL_FROM ? jStat.studentt.cdf(-Math.abs(t), freedom) : jStat.normal.cdf(-Math.abs(t), 0, 1);
  return Math.min(1, 2 * below);
}
