export { check, describeContract, type Case, type Failure } from './contract.js';
export { quantizerContract } from './quantizer-contract.js';
export { brokenQuantizers, correctQuantizer } from './quantizer-fakes.js';
