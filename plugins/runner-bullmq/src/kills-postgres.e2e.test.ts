import { describeKills } from '../test/kills.js';
import { postgres } from '../test/servers.js';

describeKills('BullMQ on PostgreSQL', postgres);
