/** Where to look, a byte path (latin1) below the root; `''` is the root. */
export interface Hint {
  readonly path: string;
  /** `entry` = that name alone; `children` = the names in that directory; `subtree` = everything at and below it */
  readonly scope: 'entry' | 'children' | 'subtree';
}
