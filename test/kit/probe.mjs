/**
 * Opens the adapter that TANDEM_TEST_ADAPTER names and writes its report to a file: `node probe.mjs FILE`. A process of
 * its own, because some drivers end a process badly after they have answered.
 */
import { writeFileSync } from 'node:fs';
import { openDevice } from '../../dist/src/device/open.js';

const gpu = await openDevice({ adapter: process.env.TANDEM_TEST_ADAPTER });
writeFileSync(process.argv[2], JSON.stringify(gpu.adapter));
await gpu.destroy();
