module.exports = { ...require('../../jest.preset.js'), displayName: 'quantizer-linear' };
