// The tests from end to end: `npm run test:e2e`.
process.env.TERSOR_TESTS = 'e2e';
module.exports = require('./jest.config.js');
