// In a worker of that name (start-worker.ts), a single file decodes.
if (typeof WorkerGlobalScope === 'function' && globalThis.name === 'tersor-decode')
  void import('../src/worker/decode-worker.ts');
