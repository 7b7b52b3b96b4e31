/** Runs in every test process before its files: makes a Vulkan driver visible, as the service's main thread does. */
import { loadConfig } from '../src/config.ts';
import { prepareVulkan } from '../src/device/webgpu/software-vulkan.ts';

const { cacheDir, adapter } = loadConfig();
await prepareVulkan({ cacheDir, adapter });
