export { addRows, choleskyInPlace, invertPositiveDefinite, solveCholesky } from '@tersor/network';
