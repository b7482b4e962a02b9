/** The form of the config file (contract, section 1). The published JSON Schema is generated from it. */
import * as z from 'zod';
import {
  DEFAULT_PORT,
  absolutePath,
  address,
  duration,
  endpoint,
  hostKey,
  hostName,
  integer,
  nameKey,
  oneOf,
  pattern,
  percent,
  port,
  shortName,
  size,
  text,
} from './fields.ts';

const hostEntry = z.strictObject({
  name: hostName.describe('the name of the node, the same on all nodes'),
  address: address.optional().describe('where to reach it; default: its name'),
  port: port.optional().describe('where it listens; default: 30865'),
  role: oneOf('full', 'receive')
    .prefault('full')
    .describe('receive: takes changes, local edits are reported and not sent'),
});

const host = z.union([hostName, hostEntry]);

const mapping = z.strictObject({
  path: absolutePath.describe('the directory, on every node'),
  paths: z
    .record(hostKey, absolutePath)
    .prefault({})
    .describe('where a node keeps it elsewhere: node to path'),
  exclude: z.array(pattern(true)).prefault([]).describe('in the manner of gitignore: the last match decides'),
  include: z.array(pattern(false)).prefault([]).describe('when not empty, only these'),
  delay: duration('0', '1h').prefault('100ms').describe('quiet time before a change is taken up'),
  max_delay: duration('0', '1d')
    .optional()
    .describe(
      'taken up after this long even while it keeps changing; default: 2s, or delay where that is longer',
    ),
  rescan: duration('1s', '7d').prefault('1h').describe('between full comparisons of the tree with the state'),
  durability: oneOf('strict', 'relaxed').prefault('strict').describe('strict: acknowledged means on disk'),
  owner: oneOf('name', 'numeric', 'ignore').prefault('name').describe('how uid and gid travel'),
  max_delete: percent.prefault('50%').describe('more deleted than this in one scan is held until approved'),
});

const action = z.strictObject({
  name: shortName,
  pattern: z.array(pattern(false)).min(1).describe('paths below the mappings that trigger it'),
  exec: z.array(text).min(1).describe('the command and its arguments; no shell'),
  where: oneOf('receiver', 'origin', 'everywhere').prefault('receiver'),
  timeout: duration('1s', '1d').prefault('60s'),
});

export const csync2Schema = z.strictObject({
  binary: text.prefault('csync2'),
  config_file: absolutePath
    .optional()
    .describe('a csync2.cfg that is managed elsewhere: hosts, key and directories are read from it'),
  config_dir: absolutePath.optional().describe('default: STATE_DIR/csync2/GROUP'),
  config_name: text.optional().describe('as for csync2 -C; default: none'),
  database_dir: absolutePath.optional().describe('default: STATE_DIR/csync2/GROUP'),
  port: port.prefault(DEFAULT_PORT).describe('the same on all nodes of the group'),
  listener: oneOf('csyncd', 'external')
    .prefault('csyncd')
    .describe("who serves the port: csyncd starts csync2 -ii, or systemd's csync2.socket or inetd does"),
  no_ssl: z.boolean().prefault(false),
  lock_timeout: duration('1s', '1h').prefault('12s'),
  args: z.array(text).prefault([]).describe('more arguments for every call'),
});

const group = z.strictObject({
  key_file: absolutePath.describe('the key of the group, written by `csyncd keygen`'),
  hosts: z.array(host).describe('all nodes of the group, in an order that is the same on all of them'),
  backend: oneOf('engine', 'csync2').prefault('engine'),
  auto: oneOf('none', 'first', 'younger', 'older', 'bigger', 'smaller', 'left', 'right', 'keep-both')
    .prefault('younger')
    .describe('which version wins a conflict'),
  backup: z
    .strictObject({
      generations: integer(1, 1000).prefault(3),
      keep: duration('1s', '3650d').prefault('30d'),
    })
    .prefault({})
    .describe('versions kept of what a peer overwrote or deleted'),
  mappings: z.record(nameKey, mapping).prefault({}),
  actions: z.array(action).prefault([]).describe('commands to run after changes'),
  csync2: csync2Schema.optional().describe('for backend: csync2'),
});

export const fileSchema = z.strictObject({
  node: hostName
    .optional()
    .describe("the name of this node; default: the host name as it stands in a group's hosts"),
  listen: endpoint.prefault('0.0.0.0:30865'),
  state_dir: absolutePath.prefault('/var/lib/csyncd').describe('database, node identity, locks'),
  control_socket: absolutePath.prefault('/run/csyncd/control.sock'),
  metrics: endpoint.optional().describe('Prometheus text and /healthz; default: off'),
  log: z
    .strictObject({
      level: oneOf('trace', 'debug', 'info', 'warn', 'error').prefault('info'),
      format: oneOf('auto', 'json', 'pretty').prefault('auto'),
    })
    .prefault({}),
  limits: z
    .strictObject({ send_rate: size.prefault(0), receive_rate: size.prefault(0) })
    .prefault({})
    .describe('bytes a second, 0 = none'),
  tls: z
    .strictObject({ ca: absolutePath, cert: absolutePath, key: absolutePath })
    .optional()
    .describe('certificates of a CA; default: an own identity, pinned on first use'),
  groups: z.record(nameKey, group).describe('who shares what, with which key'),
});

/** A file that has the right form, with defaults filled in, durations in ms and sizes in bytes. */
export type ConfigFile = z.output<typeof fileSchema>;
export type GroupSection = z.output<typeof group>;
export type MappingSection = z.output<typeof mapping>;
export type HostEntry = z.output<typeof hostEntry>;

/** The JSON Schema that editors use for completion and checks. */
export function configJsonSchema(): unknown {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'csyncd.yaml',
    ...z.toJSONSchema(fileSchema, {
      io: 'input',
      override: ({ zodSchema, jsonSchema }) => {
        // A group whose csync2.cfg says them has neither.
        if (zodSchema === group) delete jsonSchema.required;
      },
    }),
  };
}
