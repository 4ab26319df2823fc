import { describeRealNetworks } from './real-networks.js';

describeRealNetworks('wasm');
