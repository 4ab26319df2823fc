import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentContract } from './agent/agent-contract.js';
import { correctAgent } from './agent/agent-fakes.js';
import { backendContract } from './backend/backend-contract.js';
import { correctBackend } from './backend/correct-backend.js';
import { datasetContract } from './dataset/dataset-contract.js';
import { correctDataset } from './dataset/dataset-fakes.js';
import { environmentContract } from './environment/environment-contract.js';
import { correctEnvironment } from './environment/environment-fakes.js';
import { formatContract } from './format/format-contract.js';
import { correctFormat } from './format/format-fakes.js';
import { limitContract } from './limit/limit-contract.js';
import { correctLimit } from './limit/limit-fakes.js';
import { prunerContract } from './pruner/pruner-contract.js';
import { correctPruner } from './pruner/pruner-fakes.js';
import { quantizerContract } from './quantizer/quantizer-contract.js';
import { correctQuantizer } from './quantizer/quantizer-fakes.js';
import { rewardContract } from './reward/reward-contract.js';
import { correctReward } from './reward/reward-fakes.js';
import { runnerContract } from './runner/runner-contract.js';
import { correctRunner } from './runner/runner-fakes.js';

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
