export { Refusal } from '@tersor/network';
