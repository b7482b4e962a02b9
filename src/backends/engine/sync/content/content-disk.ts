import type { DiskMapping } from '../../disk/pool.ts';

/** What content transfer does with a mapping's files. */
export type ContentDisk = Pick<
  DiskMapping,
  'readSmall' | 'openRead' | 'openBackup' | 'openTemp' | 'removeTemp'
>;
