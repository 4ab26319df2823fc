// Replaces decode-worker-source.ts in the single-file bundles: the worker imports the file that started it,
// which contains the decoder (serve-worker.js).
export const decodeWorkerSource = `import ${JSON.stringify(import.meta.url)};`;
