/** Runs in every test process before its files: makes a software Vulkan driver visible where tests ask for it. */
import { prepareVulkan } from './software-vulkan.mjs';

prepareVulkan();
