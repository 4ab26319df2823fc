export { check, describeContract, type Case, type Failure } from './contract.js';
export { quantizerContract } from './quantizer-contract.js';
export { brokenQuantizers, correctQuantizer } from './quantizer-fakes.js';
export { prunerContract } from './pruner-contract.js';
export { brokenPruners, correctPruner } from './pruner-fakes.js';
export { pruneContext } from './pruner-fixture.js';
export { referenceRun } from './reference-run.js';
