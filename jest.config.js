const { readdirSync, existsSync } = require('node:fs');

// One jest process for the whole repository; `nx test <project>` runs a single package.
module.exports = {
  // A guard against hanging, not a target: CI machines can be slow and shared. Jest reads it here only, not
  // from a project.
  testTimeout: 180_000,
  projects: ['packages', 'plugins']
    .flatMap((folder) => readdirSync(folder).map((name) => `<rootDir>/${folder}/${name}`))
    .concat('<rootDir>/tools', '<rootDir>/examples/browser')
    .filter((project) => existsSync(`${project.replace('<rootDir>', __dirname)}/jest.config.js`)),
};
