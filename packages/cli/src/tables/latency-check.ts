import { whereMeasured } from '@tersor/compression';
import { describeMachine, grouped, type LatencyTable } from '@tersor/core';
import { fitTable } from '../screen/fit-table.js';

/** A table of how well a latency table predicts whole networks. */
export function checkTable(table: LatencyTable): string {
  const { layers, check, machine, images } = table;
  const rows = check.map(({ network, macs, predicted, measured, relativeError }) => [
    network,
    grouped(macs),
    String(predicted),
    String(measured),
    `${relativeError >= 0 ? '+' : ''}${(relativeError * 100).toFixed(1)}%`,
  ]);
  const head = ['network', 'MACs', 'predicted ms', 'measured ms', 'error'];
  return `${fitTable({ head, rows, right: [1, 2, 3, 4] })}\n${layers.length} layers, milliseconds for one image in runs of ${images}, ${whereMeasured(table)}, ${machine}`;
}

/**
 * What has changed since a table was measured, machine or versions, as text; undefined if nothing has. Times
 * from other conditions may not hold here.
 */
export function otherConditions(
  { machine, versions: before }: LatencyTable,
  versions: Readonly<Record<string, string>>,
): string | undefined {
  const here = describeMachine();
  if (machine !== here) return `on ${machine}, and this is ${here}`;
  const other = Object.keys(versions).find(
    (name) => before[name] !== undefined && before[name] !== versions[name],
  );
  return other && `with ${other} ${before[other]}, and this is ${versions[other]}`;
}
