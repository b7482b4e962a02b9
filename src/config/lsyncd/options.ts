/** What lsyncd's other settings are in csyncd: mostly nothing, and then why. */
import type { Remark } from '../import/draft.ts';
import type { LuaTable, LuaValue } from './lua-values.ts';
import { textOf, type Sync } from './syncs.ts';

const SETTINGS: Readonly<Record<string, string>> = {
  logfile: 'csyncd logs to the journal',
  logfacility: 'csyncd logs to the journal',
  logident: 'csyncd logs to the journal',
  statusFile: 'see csyncd status and metrics:',
  statusInterval: 'see csyncd status and metrics:',
  nodaemon: 'csyncd always runs in the foreground, under systemd',
  pidfile: 'systemd keeps csyncd',
  insist: 'csyncd always goes on trying',
  inotifyMode: 'csyncd waits until a file is quiet',
  maxProcesses: 'csyncd starts no processes',
  maxDelays: 'csyncd has no such limit',
  delay: 'see delay and max_delay of a mapping',
};

/** Of a sync; those that need no word are in no list. */
const SYNC: Readonly<Record<string, string>> = {
  crontab: 'csyncd compares the whole tree every hour (rescan)',
  full: 'csyncd compares the whole tree every hour (rescan)',
  tunnel: 'csyncd encrypts by itself and needs no tunnel',
  ssh: 'csyncd uses its own encrypted connection on port 30865, and no ssh',
  subdirs: "csyncd enters subdirectories; exclude: ['/*/'] keeps it out",
  exitcodes: 'csyncd goes on trying whatever fails',
};

/** Options of rsync that csyncd does by itself, or that are about rsync's own ways. */
const DONE = new Set(
  'acls archive binary compress hard_links human_readable inplace ipv4 ipv6 links omit_link_times password_file perms protect_args prune_empty_dirs quiet rsh rsync_path sparse temp_dir timeout times verbose whole_file xattrs owner group checksum'.split(
    ' ',
  ),
);
/** Of them, csyncd does not carry these. */
const NOT_CARRIED: Readonly<Record<string, string>> = {
  bwlimit: 'see limits: { send_rate: … } of the config, for all mappings together',
  update: "the sender decides; a receiver's own edits are reported",
  backup: 'csyncd keeps versions by itself (backup:)',
  backup_dir: 'csyncd keeps versions by itself (backup:)',
};

export function settingsRemarks({ fields }: LuaTable, file: string): Remark[] {
  return [...fields].map(([key, { line }]) => {
    const why = SETTINGS[key] ?? 'csyncd has no counterpart';
    return { file, line, message: `settings.${key}: ${why}` };
  });
}

/** @returns also whether the owner stays what it is on the target, as without any of rsync's options for it */
export function syncRemarks(
  { table, layer }: Sync,
  file: string,
): { remarks: Remark[]; ignoresOwner: boolean } {
  const remarks: Remark[] = [];
  const say = (line: number, message: string): void => void remarks.push({ file, line, message });
  for (const [key, value] of table.fields) {
    if (key in SYNC) say(value.line, `${key}: ${SYNC[key]}`);
    else if (key === 'delete' && !isTrue(value))
      say(
        value.line,
        `delete = ${shown(value)}: csyncd always deletes on the others too (max_delete holds a mass deletion)`,
      );
    else if (key === 'init' && value.kind === 'boolean' && !value.value)
      say(value.line, 'init = false: csyncd always compares when it starts');
    else if (/^(on[A-Z]|action$|collect$|prepare$|init$)/.test(key) && value.kind !== 'boolean')
      say(value.line, `${key}: csyncd runs no commands instead of synchronizing; see actions:`);
  }
  const rsync = table.fields.get('rsync');
  if (rsync?.kind !== 'table') return { remarks, ignoresOwner: layer.kind !== 'direct' };
  for (const [key, value] of rsync.table.fields) {
    if (value.kind === 'boolean' && !value.value) continue;
    if (key === '_extra') sayExtra(value, say);
    else if (!DONE.has(key))
      say(value.line, `rsync.${key}: ${NOT_CARRIED[key] ?? 'csyncd has no counterpart'}`);
  }
  const keepsOwner = ['archive', 'owner', 'group'].some((key) => isTrue(rsync.table.fields.get(key)));
  const extra = rsync.table.fields.get('_extra');
  const inExtra =
    extra?.kind === 'table' && extra.table.items.some((item) => /^-\w*[aog]/.test(textOf(item) ?? ''));
  return { remarks, ignoresOwner: !keepsOwner && !inExtra };
}

function sayExtra(value: LuaValue, say: (line: number, message: string) => void): void {
  const items = value.kind === 'table' ? value.table.items : [value];
  for (const item of items) {
    const text = textOf(item) ?? 'what only Lua knows';
    const exclude = /^--exclude=(.+)$/.exec(text)?.[1];
    const advice = exclude === undefined ? 'is not carried over' : 'belongs into exclude: of the mapping';
    say(item.line, `rsync._extra: ${text} ${advice}`);
  }
}

function isTrue(value: LuaValue | undefined): boolean {
  return value?.kind === 'boolean' && value.value;
}

function shown(value: LuaValue): string {
  return value.kind === 'boolean' ? String(value.value) : (textOf(value) ?? 'what only Lua knows');
}
