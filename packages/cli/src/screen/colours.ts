import { createColors } from 'picocolors';

/** What tells whether a stream shows colours. */
interface Stream {
  readonly isTTY?: boolean;
}

/**
 * Whether text for a stream is coloured: `FORCE_COLOR` says so in any case (0 or false: never), `NO_COLOR`
 * forbids it, and else a terminal that is not dumb has colours.
 */
export function isColoured({ isTTY = false }: Stream, environment: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: forbidden, TERM } = environment;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (forbidden !== undefined && forbidden !== '') return false;
  return isTTY && TERM !== 'dumb';
}

/** Functions that colour text for a stream, or leave it as it is. */
export function coloursFor(stream: Stream) {
  return createColors(isColoured(stream));
}
