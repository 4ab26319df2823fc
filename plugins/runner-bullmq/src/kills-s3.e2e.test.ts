import { describeKills } from '../test/kills.js';
import { redis } from '../test/servers.js';
import { swift } from '../test/swift.js';

describeKills('BullMQ on Redis, its store in object storage', redis, swift);
