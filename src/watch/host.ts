/** The watch host's process: takes its orders from the daemon that forked it, and ends with it. */
import { rmSync } from 'node:fs';
import { loadLibc } from '../sys/libc.ts';
import { messageOf } from '../util/errors.ts';
import type { HostMessage, HostOrders } from './protocol.ts';
import { RootWatch } from './root-watch.ts';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

// @parcel/watcher can block this thread for good (no inotify instance left): then only the kernel can end this process.
function dieWithParent(): void {
  const loaded = loadLibc();
  if (!loaded.ok) return;
  loaded.libc.func<(option: number, value: number) => number>('int prctl(int option, ulong value)')(
    PR_SET_PDEATHSIG,
    SIGKILL,
  );
}

function send(message: HostMessage, sent?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => sent?.());
}

process.once('message', (orders: HostOrders) => {
  process.title = 'csyncd watch';
  process.on('disconnect', () => {
    rmSync(orders.canary, { recursive: true, force: true });
    process.exit(0);
  });
  dieWithParent();
  new RootWatch(orders, send).run().catch((error: unknown) => {
    process.stderr.write(`csyncd: the watch host failed: ${messageOf(error)}\n`);
    process.exit(1);
  });
});
