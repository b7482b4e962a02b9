/** What an import makes of other programs' configs, before it is one csyncd.yaml. All texts are UTF-8. */

/** Something that has no counterpart or could not be said exactly: a warning, and a comment where it belongs. */
export interface Remark {
  readonly file: string;
  /** null when it is the file as a whole */
  readonly line: number | null;
  readonly message: string;
}

export interface Draft {
  readonly groups: readonly DraftGroup[];
  /** what belongs to no group */
  readonly remarks: readonly Remark[];
}

export interface DraftGroup {
  /** where it comes from */
  readonly file: string;
  readonly line: number | null;
  /** wanted; made valid and unique later */
  readonly name: string;
  /** what to know about it; no warning */
  readonly comments: readonly string[];
  readonly remarks: readonly Remark[];
  readonly keyFile: string;
  readonly hosts: readonly DraftHost[];
  /** null leaves csyncd's default */
  readonly auto: string | null;
  /** null leaves csyncd's default */
  readonly backupGenerations: number | null;
  readonly mappings: readonly DraftMapping[];
  readonly actions: readonly DraftAction[];
}

export interface DraftHost {
  readonly name: string;
  /** null when it is the name */
  readonly address: string | null;
  readonly role: 'full' | 'receive';
}

export interface DraftMapping {
  /** wanted; made valid and unique later */
  readonly name: string;
  readonly comments: readonly string[];
  readonly remarks: readonly Remark[];
  readonly path: string;
  readonly paths: Readonly<Record<string, string>>;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  /** `max_delay` as written in the config; null leaves the default */
  readonly maxDelay: string | null;
  readonly ignoresOwner: boolean;
}

export interface DraftAction {
  /** wanted; made valid and unique later */
  readonly name: string;
  readonly remarks: readonly Remark[];
  readonly pattern: readonly string[];
  readonly exec: readonly string[];
  readonly where: 'receiver' | 'origin' | 'everywhere';
}
