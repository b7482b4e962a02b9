/** Whether there is room for what peers send, and for the state. */
import { statfsSync } from 'node:fs';
import type { Config } from '../../config/model.ts';
import { codeOf, messageOf } from '../../util/errors.ts';
import { sizeText } from '../table.ts';
import { bad, doubtful, good, type Finding } from './finding.ts';

const LOW = 0.05;
const FULL = 0.01;

export function examineDisks(config: Config): Finding[] {
  const mappings = config.groups.flatMap((group) => group.mappings.map(({ path }) => path));
  return [...new Set([config.stateDir, ...mappings])].map(examineDisk);
}

function examineDisk(path: string): Finding {
  try {
    const { bsize, bavail, blocks, ffree, files } = statfsSync(path);
    const free = blocks === 0 ? 1 : bavail / blocks;
    // Some file systems have no fixed number of inodes and say 0.
    const inodes = files === 0 ? 1 : ffree / files;
    const text = `${path} has ${sizeText(bavail * bsize)} free (${percent(free)}), inodes ${percent(inodes)}`;
    const remedy = 'free space, or keep fewer backups (backup.generations, backup.keep)';
    const least = Math.min(free, inodes);
    if (least < FULL) return bad('disk', text, remedy);
    return least < LOW ? doubtful('disk', text, remedy) : good('disk', text);
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      return doubtful('disk', `there is no ${path} yet`, 'create it, or mount what belongs there');
    return bad('disk', `${path}: ${messageOf(error)}`, 'let csyncd use this directory');
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
