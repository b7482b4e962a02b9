/** `status`: groups, mappings, peers, lag, backlog, conflicts, holds, errors. */
import type { GroupReport, MappingReport, PeerStatus, StatusReport } from '../../control/client.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathText } from '../paths.ts';
import { agoText, countText, sizeText, spanText, table, timeText } from '../table.ts';

const WATCH_MS = 1_000;
const CLEAR = '\u001b[H\u001b[2J';

export async function status(context: Context, options: { watch?: boolean }): Promise<ExitCode> {
  const client = await context.client();
  if (options.watch !== true) {
    const report = await client.call('status', {});
    print(context, report);
    return codeFor(report);
  }
  let last: StatusReport | null = null;
  for await (const report of client.stream('watch', { interval_ms: WATCH_MS }, context.signal)) {
    if (context.isTerminal && !context.json) context.out(CLEAR);
    print(context, report);
    last = report;
  }
  return last === null ? EXIT.unavailable : codeFor(last);
}

function codeFor(report: StatusReport): ExitCode {
  return report.state === 'ok' ? EXIT.ok : EXIT.failed;
}

function print(context: Context, report: StatusReport): void {
  if (context.json) printJson(context, report);
  else context.out(statusText(report));
}

/** Exported for its test. */
export function statusText(report: StatusReport, now: number = Date.now()): string {
  const head = `${report.node}  csyncd ${report.version}  ${report.state}  since ${timeText(report.started_at)}\n`;
  const groups = Object.entries(report.groups).map(([name, group]) => groupText(name, group, now));
  return [head, ...groups].join('\n');
}

function groupText(name: string, group: GroupReport, now: number): string {
  const mappings = Object.entries(group.mappings);
  const peers = Object.entries(group.peers);
  return [
    `group ${name} (${group.backend})\n`,
    table([MAPPING_HEAD, ...mappings.map(([name, facts]) => mappingRow(name, facts, now))], 2),
    peers.length === 0
      ? ''
      : `\n${table([PEER_HEAD, ...peers.map(([name, facts]) => peerRow(name, facts, now))], 2)}`,
    notes(mappings, peers),
  ].join('');
}

const MAPPING_HEAD = ['MAPPING', 'STATE', 'FILES', 'SIZE', 'PENDING', 'CONFLICTS', 'COMPARED', 'PATH'];

function mappingRow(name: string, facts: MappingReport, now: number): string[] {
  return [
    name,
    facts.state,
    countText(facts.files),
    sizeText(facts.bytes),
    countText(facts.pending),
    countText(facts.conflicts),
    agoText(facts.last_scan, now),
    facts.path,
  ];
}

const PEER_HEAD = ['PEER', 'STATE', 'LAG', 'OWED', 'SEEN'];

function peerRow(name: string, facts: PeerStatus, now: number): string[] {
  const owed =
    facts.pending_files === 0
      ? '-'
      : `${countText(facts.pending_files)} files, ${sizeText(facts.pending_bytes)}`;
  const role = facts.role === 'receive' ? `${name} (receive)` : name;
  return [role, facts.state, spanText(facts.lag_seconds * 1_000), owed, agoText(facts.last_seen, now)];
}

/** All that keeps the node from being ok, and what to do about it. */
function notes(mappings: [string, MappingReport][], peers: [string, PeerStatus][]): string {
  const lines = [...mappings.flatMap(mappingNotes), ...peers.flatMap(peerNotes)];
  return lines.length === 0 ? '' : `\n${lines.map((line) => `  ! ${line}\n`).join('')}`;
}

function mappingNotes([name, facts]: [string, MappingReport]): string[] {
  const { state, reason, conflicts, hot_files: hot, watcher, errors } = facts;
  return [
    ...(reason === null ? [] : [`${name}: ${reason}`]),
    ...(state === 'paused' ? [`${name}: paused by an operator; csyncd resume ${name}`] : []),
    ...(conflicts === 0 ? [] : [`${name}: ${countText(conflicts)} paths in conflict; csyncd conflicts list`]),
    ...(watcher.mode === 'scan-only' ? [`${name}: is scanned, not watched`] : []),
    ...(hot === 0 ? [] : [`${name}: ${countText(hot)} files keep changing and wait until they rest`]),
    ...errors.map((error) => `${name}${error.path === '' ? '' : `:${pathText(error)}`}: ${error.message}`),
  ];
}

function peerNotes([name, { state, last_error: error, remedy }]: [string, PeerStatus]): string[] {
  if (error === null) return state === 'paused' ? [`${name}: paused here; ${remedy ?? 'csyncd resume'}`] : [];
  return [`${name}: ${error}${remedy === null ? '' : `; ${remedy}`}`];
}
