export { createActionRange, isBounded, requireBox, type ActionRange } from './action-range.js';
export {
  adamStep,
  clipByNorm,
  copyAdam,
  createAdam,
  type AdamOptions,
  type AdamState,
} from './networks/adam.js';
export { createAgentCopies } from './agent-copies.js';
export { generalizedAdvantages, type EpisodeValues } from './experience/advantages.js';
export { openState, sealState } from './agent-state.js';
export { withLane, withoutLane, type Lanes } from './lanes.js';
export {
  backward,
  forward,
  initializeParameters,
  parameterCount,
  sigmoid,
  softUpdate,
  type Activation,
  type Network,
} from './networks/network.js';
export {
  adaptParameterDeviation,
  ornsteinUhlenbeckStep,
  perturbParameters,
  truncatedNormal,
  type OrnsteinUhlenbeckState,
} from './noise.js';
export {
  ReplayBuffer,
  type ReplayBatch,
  type ReplayOptions,
  type ReplayStep,
} from './experience/replay-buffer.js';
export { relativeWorth } from './experience/relative-worth.js';
export {
  addToMoments,
  createMoments,
  standardize,
  type RunningMoments,
} from './experience/running-moments.js';
export {
  search,
  type EarlierEpisodes,
  type EpisodeRecord,
  type SearchHooks,
  type SearchOptions,
  type SearchResult,
  type SearchState,
} from './search.js';
export type { EpisodeEnd, Walker } from './walk-episodes.js';
