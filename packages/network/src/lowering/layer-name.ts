/**
 * A name that TensorFlow.js can give to a layer with weights: letters, digits and `-._/`, a letter or digit
 * first. Node names of PyTorch begin with slashes and underscores. It keeps layers in plain objects: what
 * these have already is no name either.
 */
export function layerName(name: string): string {
  const legal = name.replace(/[^-\w./]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'layer';
  return legal in Object.prototype ? `${legal}_1` : legal;
}
