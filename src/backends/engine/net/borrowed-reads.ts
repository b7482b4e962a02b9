/**
 * Reading without a new buffer for each 16 KiB that TLS decrypts: they cost a third of the time to receive, and make the
 * collector run every few MiB. Node has this as the option `onread`, but only for sockets that it connects by itself, not
 * for accepted ones; so it is set up here as Node does it. Where Node looks different inside, reading goes on as before.
 */
import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

const BYTES = 64 * 1024;

interface Inside {
  readonly _handle?: { readonly useUserBuffer?: (buffer: Uint8Array) => void } | null;
  [key: symbol]: unknown;
}

const symbols = Object.getOwnPropertySymbols(new Socket());
const BUFFER = symbols.find(({ description }) => description === 'kBuffer');
const CALLBACK = symbols.find(({ description }) => description === 'kBufferCb');

/**
 * From now on `arrived` is called in place of the event `data`, but for what was read already. The bytes are only lent: they
 * are others after the call. `pause` and `resume` are as ever. Does nothing when this Node cannot.
 */
export function borrowReads(socket: TLSSocket, arrived: (bytes: Buffer) => void): void {
  const inside = socket as unknown as Inside;
  const handle = inside._handle;
  if (BUFFER === undefined || CALLBACK === undefined || handle?.useUserBuffer === undefined) return;
  const buffer = Buffer.allocUnsafeSlow(BYTES);
  handle.useUserBuffer(buffer);
  inside[BUFFER] = buffer;
  inside[CALLBACK] = (count: number): boolean => {
    arrived(buffer.subarray(0, count));
    return true;
  };
}
