export { backendContract } from './backend-contract.js';
export { brokenBackends, correctBackend } from './backend-fakes.js';
export { agentContract, type AgentClaims } from './agent-contract.js';
export { contractTask, createIdentityEnvironment } from './agent-environments.js';
export { brokenAgents, correctAgent } from './agent-fakes.js';
export { check, describeContract, type Case, type Failure } from './contract.js';
export { quantizerContract } from './quantizer-contract.js';
export { brokenQuantizers, correctQuantizer } from './quantizer-fakes.js';
export { limitContract } from './limit-contract.js';
export { brokenLimits, correctLimit } from './limit-fakes.js';
export { prunerContract } from './pruner-contract.js';
export { brokenPruners, correctPruner } from './pruner-fakes.js';
export { pruneContext } from './pruner-fixture.js';
export { referenceResults, referenceRun } from './reference-run.js';
export type { TestRunner } from './contract.js';
export {
  ContractError,
  describeFailure,
  requireRule,
  ruleAnchor,
  rulePage,
  type Finding,
} from './contract-failure.js';
export { datasetContract } from './dataset-contract.js';
export { brokenDatasets, correctDataset } from './dataset-fakes.js';
export { formatContract } from './format-contract.js';
export { brokenFormats, correctFormat } from './format-fakes.js';
export { environmentContract } from './environment-contract.js';
export { brokenEnvironments, correctEnvironment } from './environment-fakes.js';
export { pruneTask, quantizeTask } from './environment-tasks.js';
export { rewardContract } from './reward-contract.js';
export { brokenRewards, correctReward } from './reward-fakes.js';
export { memoryPlace } from './memory-place.js';
export { runnerContract, type RunnerClaims } from './runner-contract.js';
export { brokenRunners, correctRunner } from './runner-fakes.js';
export type { IdentifyTrial } from './trial-project.js';
