import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** What tells one process from all others, also from those that get its pid later. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the running kernel: another one after each start of the machine. `null` where the system does not tell. */
  readonly bootId: string | null;
  /** In which pids are counted: containers have their own. `null` where the system does not tell. */
  readonly pidNamespace: string | null;
  /** When the process started, in clock ticks since the boot. `null` where the system does not tell. */
  readonly startTicks: number | null;
}

/** That of a machine, outside of any container. @see https://man7.org/linux/man-pages/man7/pid_namespaces.7.html */
const initialNamespace = 'pid:[4026531836]';

const orNull = <T>(work: Promise<T>): Promise<T | null> => work.catch(() => null);

let self: Promise<ProcessIdentity> | undefined;

export function identifySelf(): Promise<ProcessIdentity> {
  return (self ??= readSelf());
}

async function readSelf(): Promise<ProcessIdentity> {
  const [bootId, pidNamespace, state] = await Promise.all([
    orNull(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    orNull(readlink('/proc/self/ns/pid')),
    readState(process.pid),
  ]);
  const startTicks = state?.startTicks ?? null;
  return { pid: process.pid, host: hostname(), bootId: bootId?.trim() ?? null, pidNamespace, startTicks };
}

/** Whether a process is known to have ended. Where that cannot be told, as on another host, it counts as alive. */
export async function hasEnded(other: ProcessIdentity): Promise<boolean> {
  const { host, bootId, pidNamespace } = await identifySelf();
  if (other.host !== host) return false;
  if (other.bootId !== bootId) {
    // The machine was started anew since. A container of the same name may as well run on another machine.
    return other.pidNamespace === initialNamespace && pidNamespace === initialNamespace;
  }
  if (other.pidNamespace !== pidNamespace) return false;
  if (!isPidTaken(other.pid)) return true;
  const state = await readState(other.pid);
  if (state === null) return false;
  return state.isDead || (other.startTicks !== null && other.startTicks !== state.startTicks);
}

function isPidTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH'); // EPERM: another user's
  }
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function readState(pid: number): Promise<{ isDead: boolean; startTicks: number } | null> {
  const stat = await orNull(readFile(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold anything; from field 3
  return { isDead: /^[ZXx]$/.test(fields[0] ?? ''), startTicks: Number(fields[19]) };
}
