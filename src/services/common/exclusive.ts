/** The lock by name of storage/, for services. */
export { exclusively } from '../../storage/exclusive.ts';
