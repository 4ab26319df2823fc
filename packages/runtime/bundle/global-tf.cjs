// What runtime.min.js finds where the sources import @tensorflow/tfjs-core and @tensorflow/tfjs-layers.
module.exports = globalThis.tf;
