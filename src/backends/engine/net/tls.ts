/** TLS as csyncd speaks it: 1.3 only, certificates on both sides, no resumption. Who the peer is comes later. */
import type { X509Certificate } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import type { ConnectionOptions, Server, TlsOptions, TLSSocket } from 'node:tls';
import type { Identity } from './identity.ts';

/** The version of the protocol; what changes within it is a feature. */
export const ALPN = 'csyncd/1';
// 128 bits are enough, and a third faster than 256.
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const EXPORTER_LABEL = 'EXPORTER-csyncd-group-proof';
const EXPORTER_BYTES = 32;

/**
 * `rejectUnauthorized` is off because Node knows nothing of pins, and because a peer that is refused shall be told why:
 * certificate-check.ts decides, before anything else that the peer says is believed.
 */
function secureOptions({ key, cert, ca }: Identity) {
  return {
    key,
    cert,
    // An empty list keeps Node from loading the world's authorities, of whom none has a say here.
    ca: ca ?? [],
    ciphers: CIPHERS,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ALPNProtocols: [ALPN],
    rejectUnauthorized: false,
  } as const satisfies TlsOptions & ConnectionOptions;
}

/** What the server must take over when the identity changes. */
export function serverOptions(identity: Identity, handshakeMs: number): TlsOptions {
  return { ...secureOptions(identity), requestCert: true, handshakeTimeout: handshakeMs };
}

export function createTlsServer(identity: Identity, handshakeMs: number): Server {
  return createServer({ ...serverOptions(identity, handshakeMs), noDelay: true });
}

export interface Secured {
  readonly socket: TLSSocket;
  /** the TCP connection below it */
  readonly tcp: Socket;
}

/** Connects and completes the TLS handshake; rejects with the socket's error, or when `signal` is aborted. */
export function dialTls(
  address: { host: string; port: number },
  identity: Identity,
  signal: AbortSignal,
): Promise<Secured> {
  return new Promise((resolve, reject) => {
    const tcp = connectTcp({ ...address, noDelay: true });
    const abort = () => fail(new Error(String(signal.reason)));
    const fail = (error: Error) => {
      signal.removeEventListener('abort', abort);
      tcp.destroy();
      reject(error);
    };
    tcp.on('error', fail);
    signal.addEventListener('abort', abort);
    if (signal.aborted) return abort();
    tcp.once('connect', () => {
      const socket = connectTls({
        ...secureOptions(identity),
        socket: tcp,
        checkServerIdentity: () => undefined,
      });
      socket.once('error', fail);
      socket.once('secureConnect', () => {
        signal.removeEventListener('abort', abort);
        socket.off('error', fail);
        resolve({ socket, tcp });
      });
    });
  });
}

/** What only the two ends of this connection know. */
export function keyingMaterial(socket: TLSSocket): Buffer {
  return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
}

export interface ShownCertificate {
  readonly certificate: X509Certificate | null;
  /** why it is not valid under the CA; null when it is. Means nothing without one. */
  readonly fault: string | null;
}

export function shownCertificate(socket: TLSSocket): ShownCertificate {
  return {
    certificate: socket.getPeerX509Certificate() ?? null,
    fault: socket.authorized ? null : faultText(socket.authorizationError),
  };
}

/** Declared as an Error, it is the name of OpenSSL's code on most paths. */
function faultText(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : 'not verified';
}
