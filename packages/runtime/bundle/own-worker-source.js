// What the single files have in place of decode-worker-source.ts: the worker imports the file that started it,
// which has the decoder already (serve-worker.js).
export const decodeWorkerSource = `import ${JSON.stringify(import.meta.url)};`;
