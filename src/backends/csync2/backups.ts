/**
 * What csync2 kept of files that a peer replaced or deleted: below its backup-directory the whole path once more, the
 * newest version by the file's name, an older one with `.N` behind it.
 */
import { constants } from 'node:fs';
import { chmod, chown, copyFile, lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import type { BigIntStats, Dirent } from 'node:fs';
import { dirname } from 'node:path/posix';
import { shownPath, textToBytes } from '../../util/bytes.ts';
import { codeOf, CsyncdError, messageOf } from '../../util/errors.ts';
import type { BackupEntry } from '../backend.ts';

export interface BackupPlace {
  readonly mapping: string;
  /** byte paths */
  readonly root: string;
  readonly directory: string;
  /** the number behind the name of an older version */
  readonly generations: number;
}

interface Kept {
  /** below the root */
  readonly path: string;
  /** where it is kept */
  readonly file: string;
  readonly stat: BigIntStats;
}

/** @param path only of this one; null = of all */
export async function listBackups(place: BackupPlace, path: string | null): Promise<BackupEntry[]> {
  const kept = path === null ? await all(place) : await versions(place, path);
  return kept.map(({ path, stat }) => ({
    mapping: place.mapping,
    ...shownPath(path),
    version: versionOf(stat),
    time: new Date(Number(stat.ctimeMs)).toISOString(),
    size: Number(stat.size),
    // csync2 does not write down whose change took its place, nor what it was.
    node: '',
    reason: 'replaced',
  }));
}

/** Puts a version back, as an edit of this node; rejects with a CsyncdError `unknown-version`. */
export async function restoreBackup(place: BackupPlace, path: string, version: string): Promise<void> {
  const found = (await versions(place, path)).find(({ stat }) => versionOf(stat) === version);
  if (found === undefined) {
    throw new CsyncdError('unknown-version', `there is no version ${version} of it`, {
      hint: 'csyncd backups list shows those that are kept',
    });
  }
  const target = `${place.root}/${path}`;
  const staged = bytes(`${place.directory}/restored-${process.pid}-${version}`);
  try {
    await copyFile(bytes(found.file), staged, constants.COPYFILE_EXCL);
    await chown(staged, Number(found.stat.uid), Number(found.stat.gid));
    await chmod(staged, Number(found.stat.mode & 0o7777n));
    // A time of now: it is the newest edit.
    await utimes(staged, new Date(), new Date());
    await mkdir(bytes(dirname(target)), { recursive: true });
    await rename(staged, bytes(target)).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EXDEV') throw error;
      // A backup directory of the operator's, on another file system.
      await copyFile(staged, bytes(target));
      await rm(staged);
    });
  } catch (error) {
    await rm(staged, { force: true });
    throw new CsyncdError('not-restored', `it cannot be put back: ${messageOf(error)}`, { cause: error });
  }
}

/** Removes what is older than `keepMs`. */
export async function pruneBackups(place: BackupPlace, keepMs: number, now: number): Promise<void> {
  for (const { file, stat } of await all(place)) {
    if (now - Number(stat.ctimeMs) > keepMs) await rm(bytes(file), { force: true });
  }
}

/** Distinct for each content that was kept, and the same as long as it is. */
function versionOf({ ino, ctimeNs }: BigIntStats): string {
  return `${(ctimeNs / 1_000_000n).toString(36)}-${ino.toString(36)}`;
}

async function versions(place: BackupPlace, path: string): Promise<Kept[]> {
  const newest = `${place.directory}${place.root}/${path}`;
  const kept = await Promise.all([newest, `${newest}${older(place)}`].map((file) => one(file, path)));
  return kept.flatMap((found) => found ?? []);
}

async function all(place: BackupPlace): Promise<Kept[]> {
  const found: Kept[] = [];
  const waiting = [''];
  for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
    const at = `${place.directory}${place.root}${dir === '' ? '' : `/${dir}`}`;
    for (const entry of await entries(at)) {
      const name = entry.name.toString('latin1');
      const path = dir === '' ? name : `${dir}/${name}`;
      if (entry.isDirectory()) waiting.push(path);
      else found.push(...(await keptAt(place, at, path)));
    }
  }
  return found;
}

/** A name may end like an older version's without being one: it is one where the file without the ending is there too. */
async function keptAt(place: BackupPlace, dir: string, path: string): Promise<Kept[]> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const ending = older(place);
  const base = name.endsWith(ending) ? name.slice(0, -ending.length) : null;
  const isOlder = base !== null && (await one(`${dir}/${base}`, path)) !== null;
  const kept = await one(`${dir}/${name}`, isOlder ? path.slice(0, -ending.length) : path);
  return kept === null ? [] : [kept];
}

function older({ generations }: BackupPlace): string {
  return `.${generations - 1}`;
}

async function one(file: string, path: string): Promise<Kept | null> {
  try {
    const stat = await lstat(bytes(file), { bigint: true });
    return stat.isDirectory() ? null : { path, file, stat };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

async function entries(dir: string): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(bytes(dir), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** @param path the mapping's, as text */
export function backupDirectory(path: string): string {
  return `${textToBytes(path)}/.csyncd/csync2-backup`;
}
