/** How long a connection of another process may be silent: for programs that do not ask the kernel to end dead ones. */
import { Buffer } from 'node:buffer';
import { errnoName } from './errno.ts';
import { loadLibc } from './libc.ts';
import type { Libc, LibcResult } from './libc.ts';
import { SysError } from './sys.ts';

/** By number, the same on x86-64 and arm64: glibc knows them by name only since 2.36. */
const PIDFD_OPEN = 434;
const PIDFD_GETFD = 438;
const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_USER_TIMEOUT = 18;
/** A peer that is there answers one of them. */
const PROBES = 3;

interface Calls {
  readonly syscall: (number: number, one: number, two: number, three: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Buffer, size: number) => number;
  readonly close: (fd: number) => number;
}

let calls: Calls | null = null;

function declareCalls(libc: Libc): Calls {
  return {
    syscall: libc.func('long syscall(long, long, long, long)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, unsigned int)'),
    close: libc.func('int close(int)'),
  };
}

/**
 * From now on the kernel ends connections that this process takes at its listening TCP socket with ETIMEDOUT, when the
 * other side's kernel has not been heard of for so long, or has taken nothing of what it was sent. Those that the process has
 * taken before stay as they are. Needs the rights of ptrace(2) over the process, and Linux 5.6.
 *
 * @param fd the process's own number of the socket
 * @throws SysError ENOSYS, EPERM, ESRCH, EBADF …
 */
export function boundSilence(
  pid: number,
  fd: number,
  seconds: number,
  loaded: LibcResult = loadLibc(),
): void {
  const what = `socket ${fd} of process ${pid}`;
  if (!loaded.ok) throw new SysError('ENOSYS', 'pidfd_getfd', what);
  const { libc } = loaded;
  calls ??= declareCalls(libc);
  const { syscall, setsockopt, close } = calls;
  const must = (call: string, result: number): number => {
    if (result < 0) throw new SysError(errnoName(libc.errno()), call, what);
    return result;
  };
  const idle = Math.max(1, Math.trunc(seconds / 2));
  const options = [
    [IPPROTO_TCP, TCP_KEEPIDLE, idle],
    [IPPROTO_TCP, TCP_KEEPINTVL, Math.max(1, Math.trunc((seconds - idle) / PROBES))],
    [IPPROTO_TCP, TCP_KEEPCNT, PROBES],
    // Nobody is probed as long as what was sent to him is not acknowledged: that is bounded by this.
    [IPPROTO_TCP, TCP_USER_TIMEOUT, seconds * 1000],
    [SOL_SOCKET, SO_KEEPALIVE, 1],
  ] as const;
  const process = must('pidfd_open', syscall(PIDFD_OPEN, pid, 0, 0));
  try {
    const socket = must('pidfd_getfd', syscall(PIDFD_GETFD, process, fd, 0));
    try {
      for (const [level, name, value] of options)
        must('setsockopt', setsockopt(socket, level, name, int(value), 4));
    } finally {
      close(socket);
    }
  } finally {
    close(process);
  }
}

/** Little-endian, as all machines that `loadLibc` knows. */
function int(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
}
