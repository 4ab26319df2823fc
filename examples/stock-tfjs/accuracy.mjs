// Measures a compressed model with nothing but @tensorflow/tfjs: no code of Tersor is loaded.
// node examples/stock-tfjs/accuracy.mjs out/vgg-small/model/model.json
// examples/data/cifar-10-mini/test_batch.bin
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

const [modelPath, dataPath] = process.argv.slice(2);
const RECORD = 3073;
const MEAN = [0.4914, 0.4822, 0.4465];
const STD = [0.247, 0.2435, 0.2616];

const json = JSON.parse(readFileSync(modelPath, 'utf8'));
const weightSpecs = json.weightsManifest.flatMap((group) => group.weights);
const files = json.weightsManifest.flatMap((group) =>
  group.paths.map((path) => readFileSync(join(dirname(modelPath), path))),
);
const weightData = Uint8Array.from(Buffer.concat(files)).buffer;
const model = await tf.loadLayersModel(
  tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs, weightData }),
);

const data = readFileSync(dataPath);
const count = data.length / RECORD;
let right = 0;
for (let start = 0; start < count; start += 100) {
  const size = Math.min(100, count - start);
  const images = new Float32Array(size * 3072);
  for (let n = 0; n < size; n++)
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < 1024; p++)
        images[n * 3072 + p * 3 + c] =
          (data[(start + n) * RECORD + 1 + c * 1024 + p] / 255 - MEAN[c]) / STD[c];
  const classes = tf.tidy(() =>
    model
      .predict(tf.tensor4d(images, [size, 32, 32, 3]))
      .argMax(-1)
      .dataSync(),
  );
  for (let n = 0; n < size; n++) if (classes[n] === data[(start + n) * RECORD]) right++;
}
console.log(JSON.stringify({ images: count, accuracy: right / count }));
