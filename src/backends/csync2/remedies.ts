/** What csync2's answers and errors mean, and what to do about them. */

/** Why a file was not taken, or a whole run came to nothing. */
export type Reason =
  | 'unknown'
  // of one file
  | 'conflict'
  | 'permission'
  | 'slave'
  | 'parent-missing'
  | 'not-empty'
  | 'peer-disk'
  // of the peer
  | 'unreachable'
  | 'not-configured'
  | 'identification'
  | 'tls-expected'
  | 'tls-failed'
  | 'certificate-changed'
  | 'interrupted'
  // of this node
  | 'own-config'
  | 'own-tls'
  | 'own-database'
  | 'own-sqlite';

const REMEDIES: Readonly<Record<Reason, string>> = {
  unknown: 'see what csync2 says in the log of the peer',
  conflict:
    'the file was changed on both nodes; csyncd conflicts lists it, csyncd conflicts resolve decides it, and an `auto` policy does so by itself',
  permission:
    'the peer has another key for this group, does not list this node in it, or its patterns leave the file out: give both the same',
  slave:
    'this node is a receiver for the peer, which sends its own version instead; csyncd revert MAPPING does so at once',
  'parent-missing': 'the directory it is in is not on the peer; it is sent again with the file',
  'not-empty':
    'the directory holds files on the peer that are excluded or newer there: remove or keep them there by hand',
  'peer-disk': 'the peer could not write it: look at its disk (space, quota, read-only, rights)',
  unreachable: 'start csync2’s listener on the peer (csyncd does so), and look at address, port and firewall',
  'not-configured':
    'the peer has no csync2.cfg with this group that names this node, its config is broken, or its database is busy; see its log',
  identification:
    'the address that this node calls from is not what its name in csync2.cfg resolves to on the peer, or the peer has pinned another certificate of this node: csyncd peers forget NODE there',
  'tls-expected': 'the peer wants TLS and this node does not: set csync2: { no_ssl } alike on all nodes',
  'tls-failed':
    'give all nodes certificates with the same subject: csync2 sends its certificate only to a peer whose certificate has the subject that issued it',
  'certificate-changed':
    'the peer shows another certificate than before; when it was made anew on purpose: csyncd peers forget NODE, here and where else it is pinned',
  interrupted:
    'the peer ended the session in the middle: a full or failing disk there, or it was stopped; see its log',
  'own-config': 'csync2 cannot read its config on this node',
  'own-tls':
    'csync2_ssl_key.pem and csync2_ssl_cert.pem of this node’s csync2 must be there, belong together and be readable',
  'own-database': 'look at the directory of csync2’s database on this node: free space, rights, the disk',
  'own-sqlite':
    'install the SQLite library on this node, which csync2 loads when it runs: apt-get install libsqlite3-0',
};

export function remedyOf(reason: Reason): string {
  return REMEDIES[reason];
}

/** Why a run came to nothing, or ended before its end. */
export interface Problem {
  readonly reason: Reason;
  /** csync2's own words where it has any */
  readonly message: string;
  /** what to do about it */
  readonly remedy: string;
}

export function problem(reason: Reason, message: string): Problem {
  return { reason, message, remedy: remedyOf(reason) };
}

/** What a peer answers to a command that it does not carry out. */
export function reasonOfAnswer(answer: string): Reason {
  return ANSWERS.find(([start]) => answer.startsWith(start))?.[1] ?? 'peer-disk';
}

const ANSWERS: readonly (readonly [string, Reason])[] = [
  ['File is also marked dirty here', 'conflict'],
  ['Permission denied for slave', 'slave'],
  // With its exclamation mark; without one it is what the peer's disk says.
  ['Permission denied!', 'permission'],
  ['Parent dir missing', 'parent-missing'],
  ['Directory not empty', 'not-empty'],
  ['Identification failed', 'identification'],
  ['SSL encrypted connection expected', 'tls-expected'],
  ['Connection closed', 'interrupted'],
];

/** What a line that stands for itself says of the run as a whole, at client and listener alike. */
export function reasonOfLine(line: string): Reason | null {
  return LINES.find(([form]) => form.test(line))?.[1] ?? null;
}

const LINES: readonly (readonly [RegExp, Reason])[] = [
  [/^Config command failed/, 'not-configured'],
  [/^ERROR: Connection to remote host/, 'unreachable'],
  [/^(Can't create socket|Cannot resolve peername)/, 'unreachable'],
  [/wrong SSL X509/, 'certificate-changed'],
  [/^SSL: failed to use key file/, 'own-tls'],
  [/^SSL: /, 'tls-failed'],
  [/^(Near line \d+:|Config error:|This host \(.*\) is not a member of any configured group)/, 'own-config'],
  [/^(Can't open database|Database Error)/, 'own-database'],
  [/^Could not open libsqlite3/, 'own-sqlite'],
  [/^(Format-error while receiving|(Write|Read)-error while)/, 'interrupted'],
];
