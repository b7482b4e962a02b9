/** Whether the kernel lets the watcher watch everything. */
import { readFileSync } from 'node:fs';
import type { StatusReport } from '../../control/client.ts';
import { countText } from '../table.ts';
import { bad, doubtful, good, type Finding } from './finding.ts';

/** What a node with many directories needs at least; the shipped sysctl file sets more. */
const WANTED = {
  max_user_watches: 65_536,
  max_user_instances: 128,
  max_queued_events: 1_000_000,
} as const;
/** From this share of the limit on it is time to raise it. */
const NEAR = 0.8;

export function examineInotify(report: StatusReport | null): Finding[] {
  const limits = Object.entries(WANTED).map(([name, wanted]) => limit(name, wanted));
  return [...limits, ...(report === null ? [] : watchers(report))];
}

function limit(name: string, wanted: number): Finding {
  const value = read(name);
  const remedy = `sysctl -w fs.inotify.${name}=${wanted}, and keep it in /etc/sysctl.d/60-csyncd.conf`;
  if (value === null)
    return doubtful('inotify', `fs.inotify.${name} cannot be read here`, 'look at it on the host');
  const text = `fs.inotify.${name} is ${countText(value)}`;
  return value < wanted
    ? doubtful('inotify', `${text}; ${countText(wanted)} is recommended`, remedy)
    : good('inotify', text);
}

function watchers(report: StatusReport): Finding[] {
  const all = Object.values(report.groups).flatMap((group) => Object.entries(group.mappings));
  const directories = all.reduce((sum, [, { watcher }]) => sum + watcher.directories, 0);
  const most = all.map(([, { watcher }]) => watcher.limit).find((value) => value !== null) ?? null;
  const findings: Finding[] = [];
  if (most !== null) {
    const text = `${countText(directories)} directories are watched, ${countText(most)} are allowed`;
    const remedy = `sysctl -w fs.inotify.max_user_watches=${most * 4}`;
    findings.push(directories > most * NEAR ? bad('inotify', text, remedy) : good('inotify', text));
  }
  for (const [name, { watcher, reason }] of all) {
    if (watcher.mode !== 'scan-only') continue;
    findings.push(
      doubtful(
        'inotify',
        `mapping ${name} is scanned, not watched`,
        reason ?? 'put it on a local file system',
      ),
    );
  }
  return findings;
}

function read(name: string): number | null {
  try {
    return Number(readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8'));
  } catch {
    return null;
  }
}
