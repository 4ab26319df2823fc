import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentContract } from './agent-contract.js';
import { correctAgent } from './agent-fakes.js';
import { backendContract } from './backend-contract.js';
import { correctBackend } from './backend-fakes.js';
import { datasetContract } from './dataset-contract.js';
import { correctDataset } from './dataset-fakes.js';
import { environmentContract } from './environment-contract.js';
import { correctEnvironment } from './environment-fakes.js';
import { formatContract } from './format-contract.js';
import { correctFormat } from './format-fakes.js';
import { limitContract } from './limit-contract.js';
import { correctLimit } from './limit-fakes.js';
import { prunerContract } from './pruner-contract.js';
import { correctPruner } from './pruner-fakes.js';
import { quantizerContract } from './quantizer-contract.js';
import { correctQuantizer } from './quantizer-fakes.js';
import { rewardContract } from './reward-contract.js';
import { correctReward } from './reward-fakes.js';
import { runnerContract } from './runner-contract.js';
import { correctRunner } from './runner-fakes.js';

const page = join(__dirname, '../../../docs/guide/plugins-contracts.md');
const rules = {
  agent: agentContract(correctAgent, { spaces: ['box'], learnsWithin: 200 }),
  environment: environmentContract(correctEnvironment),
  pruner: prunerContract(correctPruner),
  quantizer: quantizerContract(correctQuantizer),
  backend: backendContract(correctBackend),
  dataset: datasetContract(correctDataset),
  reward: rewardContract(correctReward),
  format: formatContract(correctFormat),
  runner: runnerContract(() => correctRunner(), {
    identify: () => Promise.reject(new Error('no rule is run here')),
  }),
  limit: limitContract(correctLimit),
};
const headings = Object.entries(rules).flatMap(([kind, cases]) =>
  cases.map(({ name }) => `### ${kind}: ${name}`),
);

test('the page of rules has a heading for every rule, and no other', () => {
  expect(existsSync(page)).toBe(true);
  const found = readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('### '));
  expect(found).toEqual(headings);
});
