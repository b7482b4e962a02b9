/** Debian systems to boot from: made once by mmdebstrap and kept, for making one takes minutes. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { run } from '../cluster/command.ts';

const CACHE = '/var/cache/csyncd-test';
const MAKING_MS = 1_200_000;
const BASE = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps', 'acl', 'attr'];

/** A directory with that release and these packages. Nothing may write into it. */
export async function systemTree(packages: readonly string[], release = 'bookworm'): Promise<string> {
  const names = [...new Set([...BASE, ...packages])].sort();
  const mark = createHash('sha256')
    .update(`${release} ${names.join(' ')}`)
    .digest('hex')
    .slice(0, 12);
  const tree = join(CACHE, `${release}-${mark}`);
  if (fs.existsSync(tree)) return tree;
  fs.mkdirSync(CACHE, { recursive: true });
  const unfinished = fs.mkdtempSync(`${tree}.`);
  const made = await run(
    ['mmdebstrap', '--variant=minbase', `--include=${names.join(',')}`, release, unfinished],
    { boundMs: MAKING_MS },
  );
  if (made.code !== 0) {
    fs.rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`mmdebstrap failed:\n${made.stderr}`);
  }
  // Who made the same meanwhile was first.
  if (fs.existsSync(tree)) fs.rmSync(unfinished, { recursive: true, force: true });
  else fs.renameSync(unfinished, tree);
  return tree;
}
