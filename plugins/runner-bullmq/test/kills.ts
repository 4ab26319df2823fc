import { describeWith } from './describe-with.js';
import { killCoordinators } from './kills/coordinators.js';
import { killProcesses } from './kills/processes.js';
import { TRIALS, useRig } from './kills/rig.js';
import { killServers } from './kills/servers.js';
import { refuseWorkers } from './kills/refused-workers.js';
import type { ServerKind } from './servers.js';

/**
 * What must hold of every runner, whatever is killed: afterwards each trial has exactly one result, equal to
 * that of a run that nobody disturbed.
 * @param kind server of the queue; the child-process runner has none
 * @param objects server of the store, where that is no folder
 */
export function describeKills(name: string, kind?: ServerKind, objects?: ServerKind): void {
  const needed = objects && !objects.isInstalled ? objects : kind;
  describeWith(needed, `${name}: every trial has one result, equal to that of an undisturbed run`, () => {
    const rig = useRig(kind, objects);
    const has = { queue: kind !== undefined, objects: objects !== undefined };
    killProcesses(rig, has);
    killServers(rig, has);
    killCoordinators(rig, has);
    refuseWorkers(rig, has);

    it('gives each trial a result of its own', () => {
      const accuracies = rig.undisturbed.trials.map(({ figures }) => figures.testAccuracy);
      expect(new Set(accuracies).size).toBe(TRIALS);
    });
  });
}
