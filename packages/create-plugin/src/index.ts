export { KIND_FACTS, type GeneratedKind, type KindFacts } from './plugin-kinds.js';
export { pluginFiles } from './plugin-files.js';
export { identifierOf, packageName, problemOf, type PluginRequest } from './plugin-request.js';
export { writePlugin } from './write-plugin.js';
