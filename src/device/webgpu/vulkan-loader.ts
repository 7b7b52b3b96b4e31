/** Whether Dawn can find Vulkan at all: where it cannot, it writes warnings to the console and finds nothing. */
import { constants } from 'node:os';

/** Linux knows no other road to a GPU; other systems need no loader. */
export function hasGraphicsApi(): boolean {
  return process.platform !== 'linux' || canLoad('libvulkan.so.1');
}

/** process.dlopen wants a Node addon: it throws "did not self-register" after the library has been loaded. */
function canLoad(name: string): boolean {
  try {
    process.dlopen({ exports: {} }, name, constants.dlopen.RTLD_NOW);
    return true;
  } catch (error) {
    return error instanceof Error && error.message.includes('did not self-register');
  }
}
