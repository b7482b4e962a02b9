/** The resolved config of this node: every default filled in, durations in ms, sizes in bytes, this node found. */
export type Auto =
  | 'none'
  | 'first'
  | 'younger'
  | 'older'
  | 'bigger'
  | 'smaller'
  | 'left'
  | 'right'
  | 'keep-both';
export type Role = 'full' | 'receive';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Host {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly role: Role;
}

export interface Mapping {
  readonly name: string;
  /** absolute directory on this node (`paths` already applied); text, not yet a byte string */
  readonly path: string;
  /** as in the file, for every node */
  readonly paths: Readonly<Record<string, string>>;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly rescanMs: number;
  readonly durability: 'strict' | 'relaxed';
  readonly owner: 'name' | 'numeric' | 'ignore';
  /** percent of the mapping's files, 0-100 */
  readonly maxDeletePercent: number;
}

export interface Action {
  readonly name: string;
  readonly pattern: readonly string[];
  readonly exec: readonly string[];
  readonly where: 'receiver' | 'origin' | 'everywhere';
  readonly timeoutMs: number;
}

export interface Csync2Options {
  readonly binary: string;
  /** a csync2.cfg that is managed elsewhere, and never written; null when csyncd generates it */
  readonly configFile: string | null;
  /** with a configFile: mapping → its directory as that file names it, a byte string */
  readonly roots: Readonly<Record<string, string>>;
  readonly configDir: string;
  readonly configName: string | null;
  readonly databaseDir: string;
  readonly port: number;
  /** external: systemd's csync2.socket or inetd serves the port */
  readonly listener: 'csyncd' | 'external';
  readonly noSsl: boolean;
  readonly lockTimeoutMs: number;
  readonly args: readonly string[];
}

export interface Group {
  readonly name: string;
  readonly keyFile: string;
  /** all hosts, this node among them, in the file's order (which `auto: left` and `right` use) */
  readonly hosts: readonly Host[];
  readonly role: Role;
  readonly backend: 'engine' | 'csync2';
  readonly auto: Auto;
  readonly backup: { readonly generations: number; readonly keepMs: number };
  readonly mappings: readonly Mapping[];
  readonly actions: readonly Action[];
  readonly csync2: Csync2Options | null;
}

export interface Config {
  readonly node: string;
  readonly listen: Endpoint;
  readonly stateDir: string;
  readonly controlSocket: string;
  readonly metrics: Endpoint | null;
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'auto' | 'json' | 'pretty';
  };
  /** bytes a second, 0 = none */
  readonly limits: { readonly sendRate: number; readonly receiveRate: number };
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
  readonly groups: readonly Group[];
  /** the files it was read from, the main one first */
  readonly files: readonly string[];
}
