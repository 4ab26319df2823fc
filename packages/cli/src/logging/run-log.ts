import { closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { destination, pino } from 'pino';
import { makeFolder, TersorError } from '@tersor/core';
import type { PipelineEvents } from '@tersor/compression';

/** A machine-readable log of a run: one JSON object per line, with level, time and event. */
export interface RunLog {
  readonly events: PipelineEvents;
  /** Writes the last line: how the run ended. */
  end(error?: unknown): void;
}

/**
 * Opens a log for appending, so that a resumed run continues the earlier log. Throws `OUTPUT_FAILED` if it
 * cannot be written.
 */
export async function openRunLog(path: string): Promise<RunLog> {
  let file: ReturnType<typeof destination>;
  try {
    await makeFolder(dirname(path));
    requireReader(path);
    // Synchronous: after a crash, the log ends with the last event.
    file = destination({ dest: path, append: true, sync: true });
  } catch (cause) {
    throw new TersorError(
      'OUTPUT_FAILED',
      `The log cannot be written to ${path}: ${(cause as Error).message}`,
      { cause, hint: 'Choose another file with --log.' },
    );
  }
  const logger = pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, file);
  return {
    events: {
      onStage: (stage, round) => logger.info({ stage, ...(round && { round: round.number }) }, 'stage'),
      onEstimate: (estimate) => logger.info(estimate, 'estimate'),
      onNotice: (text) => logger.warn(text),
      onProgress: (progress) => logger.info(progress, 'progress'),
    },
    end: (error) => {
      if (error === undefined) logger.info('done');
      else logger.error({ code: (error as { code?: unknown }).code, err: error }, 'failed');
      file.end();
    },
  };
}

/**
 * Checks that a pipe has a reader, since opening it would wait for one forever. Throws the error of the file
 * system.
 */
function requireReader(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO())
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
}
