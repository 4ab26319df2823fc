import { HARD_SIGMOID } from './activations.js';
import type { Part } from './part.js';
import type { Placed } from './placed-layer.js';
import { referencesIn, renamed } from './tensors.js';

/** How far the last factor may be from 1 / 6. */
const TOLERANCE = 1e-7;

/**
 * `ReLU(6)(x + 3) * (1 / 6)`, as Keras's MobileNetV3 and others spell it, is one hard sigmoid. It has the
 * name of the ReLU, which is the only layer of the three. `outputs` are the references of the outputs.
 */
export function withHardSigmoids(placed: readonly Placed[], outputs: unknown): Placed[] {
  const byName = new Map(placed.map((each) => [each.layer.name, each]));
  const readers = new Map<string, Placed[]>();
  for (const each of placed)
    for (const [name] of each.calls.flat()) readers.set(name, [...(readers.get(name) ?? []), each]);
  const soleReader = (each: Placed) => {
    const found = readers.get(each.layer.name) ?? [];
    return found.length === 1 ? found[0] : undefined;
  };
  const given = new Set(referencesIn(outputs).map(([name]) => name));
  const gone = new Map<string, string>();
  const gates = new Map<string, Placed>();
  for (const clip of placed) {
    const shift = byName.get(clip.calls[0]?.[0]?.[0] ?? '');
    const scale = soleReader(clip);
    if (!isClip(clip) || !shift || !scale || clip.calls.length !== 1 || soleReader(shift) !== clip) continue;
    if ([shift, clip, scale].some(({ layer }) => given.has(layer.name))) continue;
    if (!isAffine(shift, 1, 3) || !isAffine(scale, 1 / 6, 0)) continue;
    gone.set(shift.layer.name, shift.layer.name).set(scale.layer.name, clip.layer.name);
    const { ending: _ending, ...part } = HARD_SIGMOID;
    gates.set(clip.layer.name, { ...clip, parts: [part], calls: shift.calls, isPlain: false });
  }
  if (gates.size === 0) return [...placed];
  return placed
    .filter(({ layer }) => !gone.has(layer.name))
    .map((each) => gates.get(each.layer.name) ?? each)
    .map((each) => ({
      ...each,
      layer: {
        ...each.layer,
        json: { ...each.layer.json, inbound_nodes: renamed(each.layer.json['inbound_nodes'], gone) },
      },
      calls: renamed(each.calls, gone) as Placed['calls'],
    }));
}

function isClip({ parts }: Placed): boolean {
  return isOne(parts, 'ReLU') && parts[0].config['max_value'] === 6;
}

/** Whether it is one call of `x * scale + offset`. */
function isAffine({ parts, calls }: Placed, scale: number, offset: number): boolean {
  if (calls.length !== 1 || !isOne(parts, 'Rescaling')) return false;
  const { config } = parts[0];
  return Math.abs(Number(config['scale']) - scale) < TOLERANCE && config['offset'] === offset;
}

function isOne(parts: readonly Part[], className: string): parts is readonly [Part] {
  return parts.length === 1 && parts[0]!.className === className;
}
