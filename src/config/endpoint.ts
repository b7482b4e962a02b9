/** `ADDRESS:PORT`, an IPv6 address in brackets: what is listened on. */
import { isIPv6 } from 'node:net';
import { HOST_NAME } from './host-name.ts';
import type { Endpoint } from './model.ts';

/** null when the text is not of this form. */
export function parseEndpoint(text: string): Endpoint | null {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = inBrackets ?? plain ?? '';
  const valid = inBrackets === undefined ? new RegExp(HOST_NAME).test(host) : isIPv6(host);
  const port = Number(digits);
  return valid && port >= 1 && port <= 65_535 ? { host, port } : null;
}

export function printEndpoint({ host, port }: Endpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
