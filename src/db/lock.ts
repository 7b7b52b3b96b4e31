/**
 * One process per data folder: PGlite and storage/ have one owner. A lock file names the owner; the lock of a dead
 * process is taken over. Called by open.ts; it knows nothing of the database.
 *
 * A process is known by pid, start time (Linux) and the boot it runs in. One that cannot be looked up (another machine,
 * another container) counts as alive while it touches the file, which every owner does each 10 s. A lock that was
 * copied with its folder says nothing of this folder: its owner has the other one, and touches that.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, statSync, utimesSync } from 'node:fs';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict } from '../errors.ts';

interface LockOwner {
  /** Random, for this start of this process. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly bootId: string;
  /** Namespace that the pid counts in; empty where there is no such thing. */
  readonly namespace: string;
  /** Clock ticks from boot to the process's start; empty where it is unknown. */
  readonly startTicks: string;
  readonly since: string;
  /** The lock file, as the file system knows it; no copy has it. Versions up to 0.2.0 wrote none. */
  readonly file?: string;
}

export interface DataLock {
  readonly owner: LockOwner;
  /** The folder is a copy of one that a process had open. */
  readonly isCopy: boolean;
  release(): Promise<void>;
}

const touchEveryMs = 10_000;
const silentAfterMs = 30_000;
const watchEveryMs = 500;

/** Takes `<dataDir>/tandem.lock`, or refuses with CONFLICT naming the process that has it. */
export async function lockDataFolder(dataDir: string): Promise<DataLock> {
  const path = join(dataDir, 'tandem.lock');
  const owner = thisProcess();
  let found: LockOwner | undefined;
  let isCopy = false;
  for (let tookOver = false; ; tookOver = true) {
    if (await create(path, owner)) {
      if (!tookOver || (await isKept(path, owner))) return hold(path, owner, isCopy);
      continue;
    }
    found = await readOwner(path);
    isCopy = await isOther(path, found?.file);
    if (found && isAlive(found, path) && !(isCopy && (await isUntouched(path)))) throw inUse(dataDir, found);
    await moveAway(path, found);
  }
}

function hold(path: string, owner: LockOwner, isCopy: boolean): DataLock {
  const touch = setInterval(() => touchFile(path), touchEveryMs).unref();
  return {
    owner,
    isCopy,
    async release() {
      clearInterval(touch);
      if ((await readOwner(path))?.id === owner.id) await rm(path, { force: true });
    },
  };
}

/**
 * The number of a new file, which a rename keeps and no copy has, and its time of birth, for a copy on another file
 * system may get the same number. A file system without births gives the time of the last change, which a touch moves.
 */
async function identityOf(path: string): Promise<string> {
  const now = new Date();
  await utimes(path, now, now);
  const { ino, birthtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return birthtimeNs === ctimeNs ? `${ino}` : `${ino}-${birthtimeNs}`;
}

/** Whether the file at the path is another than the one that the identity was taken of. */
async function isOther(path: string, identity: string | undefined): Promise<boolean> {
  const found = identity && (await stat(path, { bigint: true }).catch(() => undefined));
  if (!found) return false;
  return identity !== `${found.ino}` && identity !== `${found.ino}-${found.birthtimeNs}`;
}

/**
 * Nobody touches a copy. Some file systems (FUSE, folders that a virtual machine lends to containers) give files other
 * numbers each time they are mounted: there the owner of the file is known by its touches.
 */
async function isUntouched(path: string): Promise<boolean> {
  const before = touchedAt(path);
  for (let waited = 0; waited < touchEveryMs + watchEveryMs && !isSilent(path); waited += watchEveryMs) {
    await sleep(watchEveryMs);
    if (touchedAt(path) !== before) return false;
  }
  return true;
}

/** Others that found the same dead owner may still be moving locks about: ours counts once it outlasts them. */
async function isKept(path: string, owner: LockOwner): Promise<boolean> {
  await sleep(100);
  return (await readOwner(path))?.id === owner.id;
}

/** True = the file was not there and is ours now. */
async function create(path: string, owner: LockOwner): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(JSON.stringify({ ...owner, file: await identityOf(path) }));
    await file.close();
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Returns undefined if the file is missing or was not written completely. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      const owner = JSON.parse(await readFile(path, 'utf8')) as Partial<LockOwner>;
      return typeof owner.id === 'string' ? (owner as LockOwner) : undefined;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      if (!(error instanceof SyntaxError)) throw error;
      await sleep(20);
    }
  }
  return undefined;
}

/** Two processes may find the same dead owner; one that moves a younger lock away by mistake puts it back. */
async function moveAway(path: string, dead: LockOwner | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved && moved.id !== dead?.id) await rename(aside, path);
  else await rm(aside, { force: true });
}

function isAlive(owner: LockOwner, path: string): boolean {
  const self = thisProcess();
  const visible = owner.bootId === self.bootId && owner.namespace === self.namespace;
  if (!visible) return owner.host !== self.host && !isSilent(path);
  if (owner.startTicks !== '') return startTicksOf(owner.pid) === owner.startTicks;
  return owner.pid === process.pid ? held.has(owner.id) : processExists(owner.pid);
}

const isSilent = (path: string): boolean => Date.now() - touchedAt(path) > silentAfterMs;

/** Milliseconds since 1970; 0 = there is no such file. */
const touchedAt = (path: string): number => valueOr(0, () => statSync(path).mtimeMs);

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** Ids of the locks this process took; a file with its pid and another id is from an earlier process of that pid. */
const held = new Set<string>();

function thisProcess(): LockOwner {
  const id = randomUUID();
  held.add(id);
  return {
    id,
    pid: process.pid,
    host: hostname(),
    bootId: bootId(),
    namespace: valueOr('', () => readlinkSync('/proc/self/ns/pid')),
    startTicks: startTicksOf(process.pid),
    since: new Date().toISOString(),
  };
}

/** Linux says it; elsewhere the boot's time to about ten minutes tells two boots apart. */
const bootId = (): string =>
  valueOr(`boot-${Math.round((Date.now() / 1000 - uptime()) / 600)}`, () =>
    readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  );

/** Field 22 of /proc/<pid>/stat; the name in field 2 may contain blanks and brackets. */
const startTicksOf = (pid: number): string =>
  valueOr('', () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  });

function valueOr<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}

function touchFile(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // The folder was removed under us; the database will say so.
  }
}

const inUse = (dataDir: string, owner: LockOwner) =>
  conflict(`The data folder ${dataDir} is in use by process ${owner.pid} on ${owner.host} since ${owner.since}`, {
    field: 'TANDEM_DATA',
    expected: 'a data folder that no other Tandem process has open',
    remedy: `Use the running server, stop process ${owner.pid}, or name another folder by TANDEM_DATA.`,
  });

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
