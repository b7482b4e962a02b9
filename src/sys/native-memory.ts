/**
 * Memory at known addresses, one set a thread, that the kernel reads names from and writes results to. Reusing it saves
 * an allocation and a copy in every call; a result is taken out before the next call overwrites it.
 */
import { Buffer } from 'node:buffer';
import type { Libc } from './libc.ts';
import { kindOfMode } from './kinds.ts';
import { PATH_MAX } from './names.ts';
import type { FsInfo, Stat } from './sys.ts';

export const DENTS_SIZE = 65_536;
const PATH_SIZE = PATH_MAX + 1;
const AREA = DENTS_SIZE + 4 * PATH_SIZE;

const TWO_32 = 4_294_967_296;
/** Tells utimensat to leave the access time alone. */
const UTIME_OMIT = 0x3ffffffen;

export interface NativeMemory {
  /** Addresses. */
  readonly dents: number;
  readonly stat: number;
  readonly how: number;
  readonly times: number;
  readonly statfs: number;
  readonly text: number;
  readonly textSize: number;
  /** Puts NUL-terminated byte strings where the kernel reads them; returns the address. */
  putFirst(bytes: string): number;
  putSecond(bytes: string): number;
  putHow(flags: number, resolve: number): void;
  putMtime(mtimeNs: bigint): void;
  takeText(length: number): string;
  takeStat(): Stat;
  takeFsInfo(): FsInfo;
  /** Walks the directory entries that getdents64 wrote: name, its address and d_type. */
  eachEntry(length: number, visit: (name: string, address: number, type: number) => void): void;
}

export function allocateMemory(libc: Libc): NativeMemory {
  const area = new ArrayBuffer(AREA);
  const bytes = Buffer.from(area);
  const base = libc.address(bytes);
  // dents | first name | second name | text | small structures
  const first = DENTS_SIZE;
  const second = first + PATH_SIZE;
  const text = second + PATH_SIZE;
  const stat = text + PATH_SIZE;
  const how = stat + 256;
  const times = how + 64;
  const statfs = times + 64;

  const stat16 = new Uint16Array(area, stat, 128);
  const stat32 = new Uint32Array(area, stat, 64);
  const statSigned32 = new Int32Array(area, stat, 64);
  const stat64 = new BigUint64Array(area, stat, 32);
  const howView = new BigUint64Array(area, how, 3);
  const timesView = new BigInt64Array(area, times, 4);
  const statfsView = new BigUint64Array(area, statfs, 15);

  const put = (at: number, content: string): number => {
    // names.ts keeps what comes here to PATH_MAX bytes.
    bytes[at + bytes.write(content, at, PATH_MAX, 'latin1')] = 0;
    return base + at;
  };
  const timeAt = (index: number): bigint =>
    BigInt((stat32[index] ?? 0) + (statSigned32[index + 1] ?? 0) * TWO_32) * 1_000_000_000n +
    BigInt(stat32[index + 2] ?? 0);

  // All entries of a directory share the device: its number is made once.
  let devMajor = -1;
  let devMinor = -1;
  let dev = 0n;
  const device = (major: number, minor: number): bigint => {
    if (major !== devMajor || minor !== devMinor) {
      devMajor = major;
      devMinor = minor;
      dev = makeDev(BigInt(major), BigInt(minor));
    }
    return dev;
  };

  return {
    dents: base,
    stat: base + stat,
    how: base + how,
    times: base + times,
    statfs: base + statfs,
    text: base + text,
    textSize: PATH_SIZE,
    putFirst: (content) => put(first, content),
    putSecond: (content) => put(second, content),
    putHow(flags, resolve) {
      howView[0] = BigInt(flags);
      howView[1] = 0n;
      howView[2] = BigInt(resolve);
    },
    putMtime(mtimeNs) {
      const rest = mtimeNs % 1_000_000_000n;
      const nanos = rest < 0n ? rest + 1_000_000_000n : rest;
      timesView[0] = 0n;
      timesView[1] = UTIME_OMIT;
      timesView[2] = (mtimeNs - nanos) / 1_000_000_000n;
      timesView[3] = nanos;
    },
    takeText: (length) => bytes.toString('latin1', text, text + length),
    takeStat: () => {
      const mode = stat16[14] ?? 0;
      return {
        kind: kindOfMode(mode),
        mode: mode & 0o7777,
        uid: stat32[5] ?? 0,
        gid: stat32[6] ?? 0,
        nlink: stat32[4] ?? 0,
        size: (stat32[10] ?? 0) + (stat32[11] ?? 0) * TWO_32,
        dev: device(stat32[34] ?? 0, stat32[35] ?? 0),
        ino: stat64[4] ?? 0n,
        mtimeNs: timeAt(28),
        ctimeNs: timeAt(24),
      };
    },
    takeFsInfo: () => {
      const field = (index: number): number => Number(statfsView[index] ?? 0n);
      const blockSize = field(1);
      return {
        type: field(0),
        bytesTotal: field(2) * blockSize,
        bytesFree: field(4) * blockSize,
        inodesTotal: field(5),
        inodesFree: field(6),
      };
    },
    eachEntry(length, visit) {
      let at = 0;
      while (at < length) {
        const size = (bytes[at + 16] ?? 0) | ((bytes[at + 17] ?? 0) << 8);
        const start = at + 19;
        // The record is padded to 8 bytes, so the name's NUL is among its last 8.
        let end = Math.max(start, at + size - 8);
        while (bytes[end] !== 0) end++;
        const dots =
          bytes[start] === 0x2e && (end - start === 1 || (end - start === 2 && bytes[start + 1] === 0x2e));
        if (!dots) visit(bytes.toString('latin1', start, end), base + start, bytes[at + 18] ?? 0);
        at += size;
      }
    },
  };
}

/** glibc's makedev, so that both adapters give the same number. */
function makeDev(major: bigint, minor: bigint): bigint {
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n);
}
