module.exports = { ...require('../../jest.preset.js'), displayName: 'format-tfjs-graph' };
