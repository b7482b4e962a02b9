import { mkdirSync, writeFileSync } from 'node:fs';

/** Directories `d0`, `d1` … with a `sub` each, and files in both. */
export function makeTree(dir: string, dirs: number, filesEach: number): void {
  for (let d = 0; d < dirs; d += 1) {
    mkdirSync(`${dir}/d${d}/sub`, { recursive: true });
    for (let f = 0; f < filesEach; f += 1)
      writeFileSync(`${dir}/d${d}/${f % 2 ? 'sub/' : ''}f${f}`, `${d} ${f}`);
  }
}
