/** A mapping's figures for `status`, from the table. */
import type { MappingStatus } from '../../backend.ts';
import type { MappingEngine } from './mapping-engine.ts';

const ERRORS = 20;

export function mappingStatus(engine: MappingEngine): MappingStatus {
  const { replica } = engine;
  const { rows } = replica.shared;
  const totals = rows.totals();
  const blocked = totals.blocked === 0 ? [] : rows.blocked(null, ERRORS);
  const unread = [...replica.looking.hot].filter(([, problem]) => problem.code !== 'hot');
  const problems = [
    ...(replica.applying.disk.problem === null ? [] : [{ path: '', ...replica.applying.disk.problem }]),
    ...blocked.map((row) => ({
      path: row.path,
      code: row.blocked?.code ?? '',
      message: row.blocked?.message ?? '',
    })),
    ...unread.map(([path, { code, message }]) => ({ path, code, message })),
  ];
  return {
    files: totals.files,
    bytes: totals.bytes,
    pending: totals.pending,
    conflicts: totals.conflicts,
    hot_files: replica.looking.hot.size - unread.length,
    errors: problems.slice(0, ERRORS),
  };
}
