export { backendContract } from './backend/backend-contract.js';
export { brokenBackends } from './backend/backend-fakes.js';
export { correctBackend } from './backend/correct-backend.js';
export { agentContract, type AgentClaims } from './agent/agent-contract.js';
export { contractTask, createIdentityEnvironment } from './agent/agent-environments.js';
export { brokenAgents, correctAgent } from './agent/agent-fakes.js';
export { check, describeContract, type Case, type Failure } from './contract.js';
export { quantizerContract } from './quantizer/quantizer-contract.js';
export { brokenQuantizers, correctQuantizer } from './quantizer/quantizer-fakes.js';
export { limitContract } from './limit/limit-contract.js';
export { brokenLimits, correctLimit } from './limit/limit-fakes.js';
export { prunerContract } from './pruner/pruner-contract.js';
export { brokenPruners, correctPruner } from './pruner/pruner-fakes.js';
export { pruneContext } from './pruner/pruner-fixture.js';
export { ownLayersNetworks } from './backend/own-layers-network.js';
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
export { datasetContract } from './dataset/dataset-contract.js';
export { brokenDatasets, correctDataset } from './dataset/dataset-fakes.js';
export { formatContract } from './format/format-contract.js';
export { brokenFormats, correctFormat } from './format/format-fakes.js';
export { environmentContract } from './environment/environment-contract.js';
export { brokenEnvironments, correctEnvironment } from './environment/environment-fakes.js';
export { pruneTask, quantizeTask } from './environment/environment-tasks.js';
export { rewardContract } from './reward/reward-contract.js';
export { brokenRewards, correctReward } from './reward/reward-fakes.js';
export { memoryPlace } from './memory-place.js';
export { runnerContract, type RunnerClaims } from './runner/runner-contract.js';
export { brokenRunners, correctRunner } from './runner/runner-fakes.js';
export type { IdentifyTrial } from './runner/trial-project.js';
