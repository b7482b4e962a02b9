/** Trees to carry. Content is random, so that nothing is gained by compressing it or by having seen it. */
import { randomFillSync } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { must } from '../../test/kit/cluster/command.ts';

export interface Shape {
  readonly directories: number;
  readonly filesEach: number;
  readonly fileBytes: number;
}

const PART = 16 * 1024 * 1024;

export function makeTree(dir: string, { directories, filesEach, fileBytes }: Shape): void {
  const content = Buffer.alloc(fileBytes);
  for (let d = 0; d < directories; d++) {
    const below = join(dir, directoryName(d));
    fs.mkdirSync(below, { recursive: true });
    for (let f = 0; f < filesEach; f++) fs.writeFileSync(join(below, `file-${f}`), randomFillSync(content));
  }
}

/** The same files in several directories, as if they had been there for long. */
export function seedTree([first = '', ...others]: readonly string[], path: string, shape: Shape): void {
  makeTree(join(first, path), shape);
  for (const root of others) {
    fs.mkdirSync(dirname(join(root, path)), { recursive: true });
    must('cp', ['-a', join(first, path), join(root, path)]);
  }
}

export function directoryName(index: number): string {
  return `dir-${index}`;
}

export function makeFile(file: string, bytes: number): void {
  fs.mkdirSync(join(file, '..'), { recursive: true });
  const fd = fs.openSync(file, 'w');
  try {
    for (let at = 0; at < bytes; at += PART)
      fs.writeSync(fd, randomBytes(Math.min(PART, bytes - at)), 0, null, at);
  } finally {
    fs.closeSync(fd);
  }
}

/** Overwrites blocks at even distances in place, none at a multiple of the block size. */
export function changeBlocks(file: string, blocks: number, blockBytes: number): void {
  const fd = fs.openSync(file, 'r+');
  try {
    const distance = Math.floor(fs.fstatSync(fd).size / blocks);
    for (let i = 0; i < blocks; i++) {
      fs.writeSync(fd, randomBytes(blockBytes), 0, null, i * distance + Math.floor(distance / 3));
    }
  } finally {
    fs.closeSync(fd);
  }
}

export function randomBytes(count: number): Buffer {
  return randomFillSync(Buffer.alloc(count));
}
