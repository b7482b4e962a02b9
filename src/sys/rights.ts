/** What this process may not do to files of others, and what csyncd cannot keep without it (capabilities(7)). */
import { readFileSync } from 'node:fs';

const NEEDED: readonly { readonly bit: bigint; readonly name: string; readonly without: string }[] = [
  {
    bit: 0n,
    name: 'CAP_CHOWN',
    without: 'owner and group of files, and setuid with them, are not kept here',
  },
  {
    bit: 1n,
    name: 'CAP_DAC_OVERRIDE',
    without: 'what its user may not read or write is reported, not synced',
  },
  { bit: 3n, name: 'CAP_FOWNER', without: "mode and times of other users' files are not kept here" },
];

export interface MissingRight {
  readonly capability: string;
  readonly without: string;
}

/** @param status the text of /proc/PID/status; an unreadable one tells of no lack */
export function lackingRights(status: string = readStatus()): MissingRight[] {
  const [, hex] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (hex === undefined) return [];
  const effective = BigInt(`0x${hex}`);
  return NEEDED.filter(({ bit }) => ((effective >> bit) & 1n) === 0n).map(({ name, without }) => ({
    capability: name,
    without,
  }));
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
