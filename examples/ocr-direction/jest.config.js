const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'example-ocr-direction',
  // An ECMAScript module, as those of the preset.
  transformIgnorePatterns: ['/node_modules/(?!(onnx-buf|@bufbuild|popular-english-words)/)'],
};
