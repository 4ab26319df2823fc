import { describeKills } from '../test/kills.js';

describeKills('the child-process runner');
