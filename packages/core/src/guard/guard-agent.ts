import type { Agent, AgentFactory, AgentTask, LearnStatistics } from '../contracts/agent.js';
import { messageOf } from '../errors.js';
import { misbehaved, type Culprit } from './culprit.js';
import { calling, guarded, nothing, requireMethods } from './guarded.js';
import { describeSpace, isWithin, listOfNumbers } from './values.js';

const METHODS = ['act', 'observe', 'learn', 'save', 'load', 'dispose'];

/**
 * An agent factory whose agents keep to their contract: actions are points of the action space, nothing is a
 * promise that nobody awaits.
 */
export function guardAgentFactory(culprit: Culprit, factory: AgentFactory): AgentFactory {
  return (task) => {
    const agent: unknown = calling(culprit, 'its factory', () => factory(task));
    requireMethods(culprit, 'its factory', agent, METHODS);
    return guardAgent(culprit, agent as Agent, task);
  };
}

function guardAgent(culprit: Culprit, agent: Agent, { actionSpace }: AgentTask): Agent {
  return guarded(culprit, agent, {
    now: {
      act: (result) => {
        const action = listOfNumbers(result);
        if (!action || !isWithin(actionSpace, action))
          throw misbehaved(culprit, 'act', describeSpace(actionSpace), result);
        return action;
      },
      learn: (result) => {
        const isRecord =
          typeof result === 'object' &&
          result !== null &&
          Object.values(result).every((value) => typeof value === 'number');
        if (!isRecord || Array.isArray(result))
          throw misbehaved(culprit, 'learn', 'an object of numbers', result);
        // A promise has no members of its own, so it looks like an empty record.
        nothing(culprit, 'learn')(result);
        return result as LearnStatistics;
      },
      save: (result) => {
        nothing(culprit, 'save')(result);
        try {
          structuredClone(result);
        } catch (cause) {
          throw misbehaved(culprit, 'save', `data that can be cloned (${messageOf(cause)})`, result);
        }
        return result;
      },
      observe: nothing(culprit, 'observe'),
      load: nothing(culprit, 'load'),
      study: nothing(culprit, 'study'),
      dispose: nothing(culprit, 'dispose'),
    },
    later: { prepare: () => undefined },
  });
}
