import { connect } from 'node:net';

const BOUND_MS = 3000;

/**
 * Whether somebody takes TCP connections there within three seconds. A peer that is off costs no csync2 run, which would
 * hang for minutes.
 */
export function probe(address: string, port: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, ...(signal === undefined ? {} : { signal }) });
    const finish = (answers: boolean): void => {
      resolve(answers);
      socket.destroy();
    };
    socket.setTimeout(BOUND_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
