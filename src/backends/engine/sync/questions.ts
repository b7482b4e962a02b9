/** Answers to what peers ask besides rows: only about mappings of groups that the link proved. */
import { CsyncdError } from '../../../util/errors.ts';
import type { MappingEngine } from './mapping-engine.ts';
import { sumRows } from './verify-tree.ts';
import { aboutParams, answerList, answerSums, prepareParams, rangeParams, rangesParams } from './verify.ts';
import { prepareOwn } from './verify-mapping.ts';

export type FindEngine = (group: string, mapping: string) => MappingEngine | null;

export async function answerQuestion(method: string, params: unknown, find: FindEngine): Promise<unknown> {
  const engineOf = ({ group, mapping }: { group: string; mapping: string }): MappingEngine => {
    const engine = find(group, mapping);
    if (engine === null || engine.disk === null)
      throw new CsyncdError('not-taking-part', `takes no part in ${group}/${mapping} now`);
    return engine;
  };
  switch (method) {
    case 'verify.prepare': {
      const asked = prepareParams.parse(params);
      return prepareOwn(engineOf(asked), asked.deep);
    }
    case 'verify.sums': {
      const asked = rangesParams.parse(params);
      return answerSums(engineOf(asked).replica.shared.rows, asked.ranges);
    }
    case 'verify.list': {
      const asked = rangeParams.parse(params);
      return answerList(engineOf(asked).replica.shared.rows, asked.range);
    }
    case 'rows.sum':
      return sumRows(engineOf(aboutParams.parse(params)).replica.shared.rows);
    default:
      throw new CsyncdError('unknown-question', `does not know ${method}`);
  }
}
