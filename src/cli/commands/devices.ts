/** `tandem devices`: what computes here, and why no GPU does. */
import type { Command } from 'commander';
import { DevicesDocument, type DevicesQuery } from '../../client/index.ts';
import { print } from '../print.ts';
import { adapterLine } from '../quickstart/report.ts';
import { withAnyService } from '../session.ts';

export function addDevicesCommand(program: Command): void {
  program
    .command('devices')
    .description('tell what computes, and why no GPU does; starts a service if none runs, and leaves nothing behind')
    .action(listDevices);
}

async function listDevices(_options: unknown, command: Command): Promise<void> {
  const { devices } = await withAnyService(command, (client) => client.execute(DevicesDocument, {}));
  print(command, { devices }, devices.map(describeDevice).join('\n'));
}

function describeDevice(device: DevicesQuery['devices'][number]): string {
  const threads = device.limits.find(({ name }) => name === 'threads');
  const lines = [
    adapterLine({ adapter: device }),
    ...(threads ? [`threads: ${threads.value}`] : []),
    `features: ${device.features.join(', ') || 'none'}`,
    ...(device.notice === null ? [] : [`no GPU: ${device.notice}`]),
  ];
  return lines.join('\n  ');
}
