/**
 * The control socket: who may open it may do everything, so it is for root, and for the group `csyncd` where there is
 * one. A socket left by a killed daemon is taken over; one that answers means a second daemon, which is refused.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, CsyncdError, messageOf } from '../util/errors.ts';

/** Resolves once the server listens there. Rejects with `already-running` or `control-socket`. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true });
    await removeStale(path);
    await listen(server, path);
    const gid = csyncdGroup();
    if (gid === null) return;
    chownSync(path, -1, gid);
    chmodSync(path, 0o660);
  } catch (error) {
    if (error instanceof CsyncdError) throw error;
    throw new CsyncdError('control-socket', `cannot listen on ${path}: ${messageOf(error)}`, {
      hint: 'let csyncd write this directory, or set control_socket',
      cause: error,
    });
  }
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new CsyncdError('control-socket', `${path} exists and is not a socket`, {
      hint: 'move it away, or set control_socket',
    });
  }
  if (await answers(path)) {
    throw new CsyncdError('already-running', `a daemon answers on ${path} already`, {
      hint: 'stop it first, or give this one its own control_socket and state_dir',
    });
  }
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    // A full backlog (EAGAIN) belongs to somebody who is alive.
    probe.on('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT'));
  });
}

async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // The socket is made within `listen`: nobody else can open it between its making and the chmod.
  const before = process.umask(0o177);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(before);
  }
  await promise;
  server.off('error', reject);
}

function csyncdGroup(): number | null {
  try {
    const line = readFileSync('/etc/group', 'utf8').match(/^csyncd:[^:]*:(\d+):/m);
    return line?.[1] === undefined ? null : Number(line[1]);
  } catch {
    return null;
  }
}
