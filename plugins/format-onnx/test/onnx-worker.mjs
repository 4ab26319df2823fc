// Runs ONNX files on onnxruntime-web, which loads its WebAssembly by an `import()` that jest's contexts lack.
import { parentPort } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';

env.wasm.numThreads = 1;
env.logLevel = 'error';

parentPort.on('message', async ({ id, bytes, inputs, options }) => {
  try {
    const session = await InferenceSession.create(bytes, options);
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]) => [name, new Tensor('float32', data, shape)]),
    );
    const results = await session.run(feeds);
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [name, { shape: [...dims], data }]),
    );
    parentPort.postMessage({ id, outputs });
    await session.release();
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) });
  }
});
