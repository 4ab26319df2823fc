import { describeRealNetworks } from '../test/real-networks.js';

describeRealNetworks('wasm');
