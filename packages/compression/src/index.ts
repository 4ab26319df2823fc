export { accuracyOf, compileGradients, trainingLoss } from './gradient-session.js';
export { logitsGraph } from './logits-graph.js';
export { readModel, requireFinite, writeModel } from './model-files.js';
export { graphFromModel, modelFromGraph } from './model-graph.js';
export { topologyOf, type ModelTopology } from './model-topology.js';
export { cost, weightBytes, type Cost, type LayerCost } from './cost/cost.js';
export { costOfWidths, widthCost, type WidthCost } from './cost/width-cost.js';
export { channelGroups, type Barrier } from './groups/channel-groups.js';
export { removeAll, removeChannels, type Removal } from './surgery/remove-channels.js';
