/**
 * The queue between the thread that records commands and the threads that compute, in shared memory. Every computing
 * thread walks through all commands in order and takes pieces of each until none is left; where a command needs what
 * earlier ones write, it first waits until all of them are complete. The recording thread never waits here.
 */

/** Commands that are underway at most; a power of two. */
export const slots = 1024;

/** Words of the control block. Counters of commands wrap round at 2^32. */
export const control = {
  published: 0,
  completed: 1,
  /** Not zero: the threads end. */
  stop: 2,
  /** The number of completed commands that the recording thread waits for; it is told by `signal`. */
  wanted: 3,
  signal: 4,
  /** Errors that computing threads have sent. */
  errors: 5,
  /** From here on, one word a computing thread: commands that it is through with. */
  passed: 8,
} as const;

/** Threads that compute at most. */
export const mostThreads = 120;
const firstSlot = 128;
const slotWords = 16;

/** Words of a slot. */
export const slot = {
  /** Which kernel, or what else is done. */
  kernel: 0,
  /** Workgroups of the grid; units of {@link unitBytes} of copies and fills. */
  total: 1,
  /** Workgroups that a thread takes at once. */
  piece: 2,
  next: 3,
  done: 4,
  /** 1 = waits until all earlier commands are complete. */
  waits: 5,
  /** 1 = the time is taken. */
  timed: 6,
  /** Of the command's record (command-layout.ts). Copies: from, to, bytes. Fills: to, bytes. */
  operands: 8,
} as const;

/** Stand where a kernel's number stands. */
export const copyCommand = -1;
export const fillCommand = -2;
/** Bytes of a copy or a fill that a thread takes at least. */
export const unitBytes = 2 ** 18;

const controlWords = firstSlot + slots * slotWords;
export const slotAt = (sequence: number): number => firstSlot + (sequence & (slots - 1)) * slotWords;

/** What the two sides share besides the memory of the device. */
export interface SharedQueue {
  /** {@link controlWords} words. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Begin and end of each slot's command in milliseconds, if it is timed. */
  readonly times: Float64Array<SharedArrayBuffer>;
}

export const makeQueue = (): SharedQueue => ({
  control: new Int32Array(new SharedArrayBuffer(controlWords * 4)),
  times: new Float64Array(new SharedArrayBuffer(slots * 16)),
});

/** Whether counter a has reached b. */
export const hasReached = (a: number, b: number): boolean => ((a - b) | 0) >= 0;

/** A clock that all threads share, in milliseconds. */
export const sharedNow = (): number => Number(process.hrtime.bigint()) / 1e6;
