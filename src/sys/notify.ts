/** Telling systemd how the service is (sd_notify(3)), without libsystemd. */
import { Buffer } from 'node:buffer';
import { errnoName } from './errno.ts';
import { loadLibc } from './libc.ts';
import type { Libc, LibcResult } from './libc.ts';
import { SysError } from './sys.ts';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
/** MSG_DONTWAIT | MSG_NOSIGNAL: a full queue must not stop the control loop. */
const SEND_FLAGS = 0x40 | 0x4000;
/** sizeof sun_path */
const PATH_SIZE = 108;

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly sendto: (
    fd: number,
    text: Buffer,
    size: number,
    flags: number,
    to: Buffer,
    toSize: number,
  ) => number;
  readonly close: (fd: number) => number;
}

let calls: Calls | null = null;

function declareCalls(libc: Libc): Calls {
  return {
    socket: libc.func('int socket(int, int, int)'),
    sendto: libc.func('long sendto(int, const void *, size_t, int, const void *, unsigned int)'),
    close: libc.func('int close(int)'),
  };
}

/** Not an exception, because the service goes on without; `off` = not started by systemd. */
export type NotifyResult =
  | { readonly kind: 'sent' }
  | { readonly kind: 'off' }
  | { readonly kind: 'failed'; readonly error: SysError };

/**
 * Sends lines such as `READY=1\nSTATUS=…`, `RELOADING=1\nMONOTONIC_USEC=…`, `STOPPING=1`, `WATCHDOG=1` to the socket that
 * systemd named. Fails with EAGAIN when systemd does not read: send it again.
 */
export function sdNotify(
  state: string,
  env: NodeJS.ProcessEnv = process.env,
  loaded: LibcResult = loadLibc(),
): NotifyResult {
  const path = env['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return { kind: 'off' };
  const failed = (code: string, call: string): NotifyResult => ({
    kind: 'failed',
    error: new SysError(code, call, path),
  });
  if (!loaded.ok) return failed('ENOSYS', 'socket');
  const address = socketAddress(path);
  if (address === null) return failed('EAFNOSUPPORT', 'socket');
  const { libc } = loaded;
  calls ??= declareCalls(libc);
  const { socket, sendto, close } = calls;

  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return failed(errnoName(libc.errno()), 'socket');
  const text = Buffer.from(state, 'utf8');
  const sent = sendto(fd, text, text.length, SEND_FLAGS, address, address.length);
  const result: NotifyResult = sent < 0 ? failed(errnoName(libc.errno()), 'sendto') : { kind: 'sent' };
  close(fd);
  return result;
}

/** How often systemd wants to hear `WATCHDOG=1` at the latest, ms (send it twice as often); null = no watchdog. */
export function watchdogMs(env: NodeJS.ProcessEnv = process.env): number | null {
  const pid = env['WATCHDOG_PID'];
  if (pid !== undefined && pid !== '' && pid !== String(process.pid)) return null;
  const micros = Number(env['WATCHDOG_USEC']);
  return Number.isSafeInteger(micros) && micros > 0 ? micros / 1000 : null;
}

/** sockaddr_un; a leading `@` is an abstract address, whose length has no NUL. */
function socketAddress(path: string): Buffer | null {
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/')) return null;
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`, 'utf8');
  if (name.length > PATH_SIZE) return null;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, name]);
}
