module.exports = { ...require('../../jest.preset.js'), displayName: 'runner-bullmq' };
