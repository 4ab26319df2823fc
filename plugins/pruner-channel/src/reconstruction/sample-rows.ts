export { sampleRows } from '@tersor/network';
