if (globalThis.importedWebgpu.error) throw globalThis.importedWebgpu.error;
module.exports = globalThis.importedWebgpu;
