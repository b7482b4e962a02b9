import { CsyncdError } from '../../util/errors.ts';
import { ClientOutput } from './output.ts';
import type { RunResult } from './program.ts';

/** The names that a run without a peer has marked. Throws a CsyncdError `csync2-check` when it failed. */
export function markedBy({ stderr, exitCode }: RunResult): readonly string[] {
  const output = new ClientOutput(null);
  for (const line of stderr) output.line(line);
  const { problem, marked } = output.finish();
  if (exitCode === 0) return marked;
  const message = problem?.message ?? stderr.at(-1) ?? `exit code ${exitCode}`;
  throw new CsyncdError('csync2-check', `csync2 did not check what changed: ${message}`, {
    // What is not known has no peer's log to look into: no peer takes part.
    hint:
      problem === null || problem.reason === 'unknown'
        ? 'it is tried again by itself; csyncd doctor looks for causes'
        : problem.remedy,
  });
}
