import { describeRealNetworks } from './real-networks.js';

// CI names the backends that it could set up (TERSOR_REQUIRE_BACKENDS).
if (process.env['TERSOR_REQUIRE_BACKENDS']?.split(',').includes('node')) describeRealNetworks('node');
else
  test.skip('on node, from the command line (set TERSOR_REQUIRE_BACKENDS=node after npm run setup:tfjs-node)', () =>
    undefined);
