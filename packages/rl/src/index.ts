export { createRandom, type Random } from './random.js';
export { search, type EpisodeRecord, type SearchHooks, type SearchOptions, type SearchResult, type SearchState } from './search.js';
