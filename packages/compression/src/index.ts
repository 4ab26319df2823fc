export { accuracyOf, compileGradients, trainingLoss } from './gradient-session.js';
export { logitsGraph } from './logits-graph.js';
export { readModel, requireFinite, writeModel } from './model-files.js';
export { graphFromModel, modelFromGraph } from './model-graph.js';
export { topologyOf, type ModelTopology } from './model-topology.js';
