import { mebibytes } from '@tersor/core';

/** Escapes text for use in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A difference of two fractions in percentage points, with its sign and without the unit. */
export function points(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(difference * 100).toFixed(2)}`;
}

/** A count with a unit prefix, for axes: up to five digits, enough to tell close ticks apart. */
export function short(value: number): string {
  const size = Math.abs(value);
  const [scale, prefix] =
    size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e3 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / scale).toPrecision(5))}${prefix && ` ${prefix}`}`;
}

/** Memory in MiB, with the unit. */
export function memory(bytes: number): string {
  return `${mebibytes(bytes)} MiB`;
}

/** A duration in seconds, minutes or hours, whichever reads best. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
