import '@tensorflow/tfjs-backend-cpu';
import { agentContract } from './agent-contract.js';
import { brokenAgents, correctAgent } from './agent-fakes.js';
import { check } from '../contract.js';

const claims = { spaces: ['box', 'discrete'], learnsWithin: 100 } as const;

it('passes an agent that keeps every promise', async () => {
  expect(await check(agentContract(correctAgent, claims))).toEqual([]);
});

it('has a broken agent for every case', () => {
  expect(Object.keys(brokenAgents()).sort()).toEqual(
    agentContract(correctAgent, claims)
      .map(({ name }) => name)
      .sort(),
  );
});

it.each(Object.entries(brokenAgents()))('catches an agent that fails at: %s', async (name, make) => {
  const failures = await check(agentContract(make, claims).filter((each) => each.name === name));
  expect(failures.map((failure) => failure.name)).toEqual([name]);
});

it('asks only of learning agents that they learn, and only of seeded ones that the seed counts', () => {
  const names = agentContract(correctAgent, { spaces: ['box'], seeded: false }).map(({ name }) => name);
  expect(names).not.toContain('learns the identity environment');
  expect(names).not.toContain('gives other actions for another seed');
});
