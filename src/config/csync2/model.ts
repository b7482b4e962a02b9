/** What a csync2.cfg says, line by line. Names and patterns are byte strings; nothing is resolved for a host yet. */

/** Where something stands, for messages. */
export interface At {
  readonly file: string;
  readonly line: number;
}

export interface Csync2Config {
  readonly groups: readonly Csync2Group[];
  /** in the order of the file; a later one of the same name is asked first */
  readonly prefixes: readonly Csync2Prefix[];
  readonly nossl: readonly { readonly from: string; readonly to: string; readonly at: At }[];
  readonly ignore: readonly { readonly what: 'uid' | 'gid' | 'mod'; readonly at: At }[];
  readonly database: Setting | null;
  readonly tempdir: Setting | null;
  readonly lockTimeout: Setting | null;
}

export interface Setting {
  readonly value: string;
  readonly at: At;
}

export interface Csync2Group {
  readonly name: string;
  readonly at: At;
  readonly hosts: readonly Csync2Host[];
  readonly key: Setting;
  readonly patterns: readonly Csync2Pattern[];
  readonly auto: (Setting & { readonly value: Csync2Auto }) | null;
  readonly backupDirectory: Setting | null;
  readonly backupGenerations: Setting | null;
  readonly actions: readonly Csync2Action[];
}

export const CSYNC2_AUTOS = [
  'none',
  'first',
  'younger',
  'older',
  'bigger',
  'smaller',
  'left',
  'right',
] as const;
export type Csync2Auto = (typeof CSYNC2_AUTOS)[number];

export interface Csync2Host {
  /** lower case: what a machine recognizes itself by */
  readonly name: string;
  /** lower case, behind the `@`: where peers connect to, and what they call it; null when it is the name */
  readonly address: string | null;
  /** in parentheses: takes changes only */
  readonly slave: boolean;
  readonly at: At;
}

/** `compare` selects in `csync2 -o` and `-T` only. */
export interface Csync2Pattern {
  readonly kind: 'include' | 'exclude' | 'compare';
  /** the word in front of it: csync2 takes all but the last of a `compare` line for includes */
  readonly written: 'include' | 'exclude' | 'compare';
  /** as written, without slashes at its end */
  readonly pattern: string;
  readonly at: At;
}

export interface Csync2Action {
  readonly patterns: readonly string[];
  readonly commands: readonly string[];
  readonly logfile: string | null;
  readonly where: 'receiver' | 'everywhere' | 'origin';
  readonly at: At;
}

export interface Csync2Prefix {
  readonly name: string;
  readonly places: readonly { readonly host: string; readonly path: string; readonly at: At }[];
  readonly at: At;
}
