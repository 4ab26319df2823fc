import { describeKills } from '../test/kills.js';
import { redis } from '../test/servers.js';

describeKills('BullMQ on Redis', redis);
