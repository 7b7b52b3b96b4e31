/**
 * A thread of the trial process: exits the process once its parent has closed the standard input or died. The main
 * thread cannot notice that while it is in the native library.
 */
import { Socket } from 'node:net';

const end = (): void => void process.kill(process.pid, 'SIGKILL');

new Socket({ fd: 0 }).on('error', end).on('close', end).resume();
