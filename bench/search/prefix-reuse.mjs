/**
 * What would a search save if it kept the activations after the layers that a candidate shares with an
 * earlier one of its search? Reads the folder of a run of a plain chain of layers (VGG) and gives, for each
 * stage, the share of the multiply-adds of all evaluations that lies in such a prefix, when the activations
 * of every earlier episode are kept and when those of the last one only.
 *
 * node bench/search/prefix-reuse.mjs <output folder of a run> [...] > bench/search/results/prefix-reuse.json
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const results = process.argv.slice(2).flatMap((folder) => {
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const layers = JSON.parse(read('layers.json')).filter(
    ({ className }) => className === 'Conv2D' || className === 'Dense',
  );
  const episodes = read('episodes.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return ['prune', 'quantize'].map((stage) => {
    const candidates = episodes
      .filter((episode) => episode.stage === stage)
      .map(({ policy }) => candidate(stage, policy, layers));
    const saved = (firstEarlier) => {
      let reused = 0;
      let total = 0;
      candidates.forEach(({ choices, macs }, i) => {
        const prefix = Math.max(
          0,
          ...candidates
            .slice(Math.max(0, firstEarlier(i)), i)
            .map((earlier) => sharedLayers(choices, earlier.choices)),
        );
        macs.forEach((count, layer) => {
          total += count;
          if (layer < prefix) reused += count;
        });
      });
      return reused / total;
    };
    return {
      run: basename(folder),
      stage,
      episodes: candidates.length,
      savedWithAllKept: saved(() => 0),
      savedWithLastKept: saved((i) => i - 1),
    };
  });
});
process.stdout.write(`${JSON.stringify(results, undefined, 1)}\n`);

/** What decides the output of each layer, and its multiply-adds. */
function candidate(stage, policy, layers) {
  if (stage === 'quantize')
    return {
      choices: layers.map(({ layer }) => String(policy[layer])),
      macs: layers.map(({ compressed }) => compressed.macs),
    };
  const kept = new Map(policy.map(({ group, keep }) => [group, keep]));
  let inputShare = 1;
  const macs = layers.map(({ layer, original }) => {
    const outputShare = (kept.get(layer)?.length ?? original.channels) / original.channels;
    const count = original.macs * inputShare * outputShare;
    inputShare = outputShare;
    return count;
  });
  return { choices: layers.map(({ layer }) => JSON.stringify(kept.get(layer) ?? 'all')), macs };
}

function sharedLayers(a, b) {
  const end = a.findIndex((choice, i) => choice !== b[i]);
  return end < 0 ? a.length : end;
}
