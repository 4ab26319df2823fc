const COLLATOR = new Intl.Collator('en', { numeric: true });
/** A number with decimals, not a part of a version (`1.10.0`). */
const DECIMAL = /(?<![\d.])(\d+)\.(\d+)(?!\.?\d)/g;

/**
 * Orders names for people: numbers in them by their values, so `x-0.33` before `x-0.5` and `x-2` before
 * `x-10`. The script of reports (`page-script.ts` of study) does the same.
 */
export function compareNames(a: string, b: string): number {
  return COLLATOR.compare(padded(a), padded(b)) || COLLATOR.compare(a, b);
}

/** The collator reads digits after a point as a whole number: where they are as many, as decimals. */
function padded(name: string): string {
  return name.includes('.')
    ? name.replace(DECIMAL, (_, whole: string, part: string) => `${whole}.${part.padEnd(20, '0')}`)
    : name;
}
