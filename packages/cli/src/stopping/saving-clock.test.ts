import { createSavingClock } from './saving-clock.js';

describe('how long saving may take', () => {
  let time = 0;
  const clock = () => createSavingClock(() => time);
  beforeEach(() => (time = 0));

  it('is as long as the last episode took', () => {
    const saving = clock();
    expect(saving.waitingFor()).toBeUndefined();
    const progress = { stage: 'prune', total: 24, unit: 'episodes' } as const;
    saving.hear({ ...progress, done: 0 });
    expect(saving.waitingFor()).toBe('this episode');
    time = 12_000;
    saving.hear({ ...progress, done: 1 });
    expect(saving.waitingFor()).toBe('this episode (about 12 s)');
  });

  it('is that of the steps that are left of an epoch', () => {
    const saving = clock();
    const progress = { stage: 'prune-finetune', total: 60, unit: 'steps', stepsPerEpoch: 30 } as const;
    saving.hear({ ...progress, done: 31 });
    time = 2000;
    saving.hear({ ...progress, done: 32 });
    expect(saving.waitingFor()).toBe('this epoch (about 56 s)');
  });

  it('is not taken from another stage', () => {
    const saving = clock();
    saving.hear({ stage: 'prune', done: 1, total: 2, unit: 'episodes' });
    time = 1000;
    saving.hear({ stage: 'prune', done: 2, total: 2, unit: 'episodes' });
    time = 60_000;
    saving.hear({ stage: 'quantize', done: 0, total: 2, unit: 'episodes' });
    expect(saving.waitingFor()).toBe('this episode');
  });
});
