module.exports = { ...require('../../jest.preset.js'), displayName: 'pruner-channel' };
