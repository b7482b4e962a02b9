/** What the daemon says of its mappings: that each is exchanged, and nothing in it waits for a person. */
import type { MappingReport, StatusReport } from '../../control/client.ts';
import { pathText } from '../paths.ts';
import { countText } from '../table.ts';
import { bad, doubtful, good, type Finding } from './finding.ts';

export function examineMappings(report: StatusReport): Finding[] {
  return Object.entries(report.groups).flatMap(([group, { mappings }]) =>
    Object.entries(mappings).map(([mapping, facts]) =>
      examineMapping(`${mapping} (${group})`, mapping, facts),
    ),
  );
}

/** The worst of it; status has the rest. */
function examineMapping(name: string, mapping: string, facts: MappingReport): Finding {
  const { state, reason, conflicts, errors } = facts;
  if (state === 'held')
    return bad('mapping', `${name} holds back: ${reason ?? ''}`, `csyncd approve ${mapping}, or reject`);
  if (state === 'missing' || state === 'error')
    return bad('mapping', `${name} is not exchanged: ${reason ?? ''}`, 'what the message says');
  if (state === 'paused') return doubtful('mapping', `${name} is paused`, `csyncd resume ${mapping}`);
  const [error] = errors;
  if (error !== undefined) {
    const more = errors.length === 1 ? '' : `, and ${countText(errors.length - 1)} more`;
    const where = error.path === '' ? name : `${name}: ${pathText(error)}`;
    return bad('mapping', `${where}: ${error.message}${more}`, 'csyncd status lists all');
  }
  if (conflicts > 0)
    return doubtful(
      'mapping',
      `${name} has ${countText(conflicts)} paths in conflict`,
      'csyncd conflicts list',
    );
  if (reason !== null) return doubtful('mapping', `${name}: ${reason}`, 'what the message says');
  return good('mapping', `${name} is ${state === 'scanning' ? 'being compared' : 'live'}`);
}
