import { createColors } from 'picocolors';

/** The part of a stream that tells whether it shows colours. */
interface Stream {
  readonly isTTY?: boolean;
}

/**
 * Whether text for a stream is coloured: `FORCE_COLOR` decides if set (0 or false: never), then `NO_COLOR`
 * turns colours off; otherwise terminals that are not dumb have colours.
 */
export function isColoured({ isTTY = false }: Stream, environment: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: forbidden, TERM } = environment;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (forbidden !== undefined && forbidden !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Functions that colour text for a stream, or return it unchanged if it has no colours. */
export function coloursFor(stream: Stream) {
  return createColors(isColoured(stream));
}
