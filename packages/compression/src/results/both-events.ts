import type { PipelineEvents } from './pipeline-types.js';

/** Calls both. */
export function bothEvents(first: PipelineEvents, second: PipelineEvents): Required<PipelineEvents> {
  return {
    onStage: (stage, round) => (first.onStage?.(stage, round), second.onStage?.(stage, round)),
    onEstimate: (estimate) => (first.onEstimate?.(estimate), second.onEstimate?.(estimate)),
    onNotice: (text) => (first.onNotice?.(text), second.onNotice?.(text)),
    onProgress: (progress) => (first.onProgress?.(progress), second.onProgress?.(progress)),
    onEpisode: (stage, record) => (first.onEpisode?.(stage, record), second.onEpisode?.(stage, record)),
  };
}
