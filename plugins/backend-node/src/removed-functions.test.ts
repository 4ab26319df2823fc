import util from 'node:util';
import { provideRemovedFunctions } from './removed-functions.js';

describe('provideRemovedFunctions', () => {
  const functions = util as { isNullOrUndefined?: (value: unknown) => boolean };
  const own = functions.isNullOrUndefined;
  afterEach(() => void (functions.isNullOrUndefined = own));

  it('puts in isNullOrUndefined where Node has none, for every module that asks for node:util', () => {
    delete functions.isNullOrUndefined;
    provideRemovedFunctions();
    const { isNullOrUndefined } = jest.requireActual<typeof functions>('util');
    expect([undefined, null, 0, '', false, Number.NaN].map((value) => isNullOrUndefined!(value))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('leaves the one alone that is there', () => {
    const theirs = () => true;
    functions.isNullOrUndefined = theirs;
    provideRemovedFunctions();
    expect(functions.isNullOrUndefined).toBe(theirs);
  });
});
