import { isRecord } from '@tersor/core';

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** A layer, possibly a nested model, as Keras 2 or 3 writes it. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Json;
  /** Layers of a nested model. */
  readonly layers?: readonly KerasLayer[];
  /**
   * Whether it is an operation on tensors (`x + 3`) instead of a layer: it has no weights and is not counted.
   */
  readonly isOperation: boolean;
  /** The JSON that it was read from. */
  readonly json: Json;
}

/** The layers in a model's JSON. Anything else in it is left to the reader of topologies. */
export function kerasLayers(model: Json): KerasLayer[] {
  const config = isRecord(model['config']) ? model['config'] : {};
  // In Keras 1 and early Keras 2, the config of a Sequential model was just its list of layers.
  const layers = Array.isArray(model['config']) ? (model['config'] as unknown[]) : config['layers'];
  return (Array.isArray(layers) ? layers : []).filter(isRecord).map(kerasLayer);
}

/** A layer from its JSON. */
export function kerasLayer(json: Json): KerasLayer {
  const config = isRecord(json['config']) ? json['config'] : {};
  const className = String(json['class_name']);
  return {
    className,
    name: String(config['name'] ?? json['name'] ?? ''),
    config,
    ...(isModel(json) && { layers: kerasLayers(json) }),
    isOperation: className === 'TFOpLambda' || isOperation(json, config),
    json,
  };
}

function isModel({ config }: Json): boolean {
  return Array.isArray(config) || (isRecord(config) && Array.isArray(config['layers']));
}

/** Keras 3 writes operations like layers but without a config; legacy files omit the module. */
function isOperation(json: Json, config: Json): boolean {
  const { module } = json;
  if (typeof module === 'string') return module.startsWith('keras.src.ops') || module.startsWith('keras.ops');
  return (
    'inbound_nodes' in json &&
    !('dtype' in config) &&
    !('trainable' in config) &&
    !isModel(json) &&
    json['class_name'] !== 'InputLayer'
  );
}
