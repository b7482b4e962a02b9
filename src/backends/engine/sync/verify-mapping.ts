/** `verify`: asks every node to compare its disk with its table, then compares the tables. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf } from '../../../util/errors.ts';
import { shownPath } from '../../../util/bytes.ts';
import type { Difference, VerifyResult } from '../../backend.ts';
import type { NodeId, RelPath } from '../core/types.ts';
import type { MappingEngine } from './mapping-engine.ts';
import type { Session } from './session.ts';
import { compareTrees, type TreeDifference } from './verify.ts';

const LISTED = 1000;
/** Changes may be on their way: a difference counts when it is still there after this many looks, this far apart. */
const LOOKS = 4;
const PAUSE = 700;

const prepared = z.object({
  files: z.number(),
  differs: z.array(z.object({ path: z.string(), reason: z.string() })),
});

export interface OwnState {
  readonly files: number;
  /** what this disk does not show although the table wants it */
  readonly differs: readonly TreeDifference[];
}

/** This node's share: looks at its whole disk (with content when deep), and says where it falls short of its table. */
export async function prepareOwn(engine: MappingEngine, deep: boolean): Promise<OwnState> {
  const job = await engine.scanAll(deep);
  const { rows } = engine.replica.shared;
  const { held, hot } = engine.replica.looking;
  const unread = [...hot].filter(([, { code }]) => code !== 'unsupported' && code !== 'mount');
  const gone = held === null ? [] : job.removals;
  const differs = [
    ...gone.map(({ path }) => ({
      path,
      reason: `gone from this disk; ${held?.deletions} deletions are held`,
    })),
    ...unread.map(([path, { message }]) => ({ path, reason: message })),
  ];
  return { files: rows.totals().files, differs: differs.slice(0, LISTED) };
}

export async function verifyMapping(
  engine: MappingEngine,
  peers: ReadonlyMap<NodeId, Session | null>,
  deep: boolean,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const { settings } = engine.replica;
  const about = engine.replica.shared.about;
  const unreachable: string[] = [];
  const reached: { peer: NodeId; session: Session }[] = [];
  const differences: Difference[] = [];
  const note = (node: string, found: readonly TreeDifference[]): void => {
    differences.push(...found.map(({ path, reason }) => ({ ...shownPath(path), node, reason })));
  };
  const [own] = await Promise.all([
    prepareOwn(engine, deep),
    ...[...peers].map(async ([peer, session]) => {
      if (session === null || engine.replica.standing(peer).kind !== 'open') {
        unreachable.push(peer);
        return;
      }
      try {
        const answer = prepared.parse(await session.calls.call('verify.prepare', { ...about, deep }, signal));
        note(
          peer,
          answer.differs.map(({ path, reason }) => ({ path: path as RelPath, reason })),
        );
        reached.push({ peer, session });
      } catch (error) {
        engine.audit({
          time: engine.now(),
          path: '',
          what: 'verify',
          node: peer,
          result: `could not compare: ${messageOf(error)}`,
        });
        unreachable.push(peer);
      }
    }),
  ]);
  note(settings.node, own.differs);
  for (const { peer, session } of reached) note(peer, await lasting(engine, peer, session, signal));
  return {
    compared: unreachable.length === 0,
    unreachable,
    equal: differences.length === 0 && unreachable.length === 0,
    files: own.files,
    nodes: settings.hosts.filter(
      (host) => host === settings.node || reached.some(({ peer }) => peer === host),
    ),
    differences,
  };
}

/** Differences that do not go away by themselves while changes settle. */
async function lasting(
  engine: MappingEngine,
  peer: NodeId,
  session: Session,
  signal: AbortSignal,
): Promise<TreeDifference[]> {
  const { rows, about } = engine.replica.shared;
  for (let look = 1; ; look++) {
    const found = await compareTrees(
      rows,
      peer,
      (method, params) => session.calls.call(method, { ...about, ...params }, signal),
      LISTED,
    );
    if (found.length === 0 || look === LOOKS) return found;
    await delay(PAUSE, undefined, { signal });
  }
}
