/** `explain PATH`: which mapping and rule, its state, versions and author here. */
import type { ExplainAnswer } from '../../control/client.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathArgument, pathText } from '../paths.ts';
import { sizeText, table, timeText } from '../table.ts';

export async function explain(context: Context, path: string): Promise<ExitCode> {
  const client = await context.client();
  const answer = await client.call('explain', pathArgument(path));
  if (context.json) printJson(context, answer);
  else context.out(explainText(answer));
  return EXIT.ok;
}

/** What is not clear from its name. */
const STATES: Readonly<Record<string, string>> = {
  root: "the mapping's root (csyncd status)",
  unknown: 'unknown: never seen on any node',
  'local-edit': 'local edit, not sent',
};

function explainText(answer: ExplainAnswer): string {
  const rows = [
    ['mapping', `${answer.group}/${answer.mapping}`],
    ['path', answer.path === '' ? '(the root)' : pathText(answer)],
    ['file', answer.file],
    [
      'selected',
      `${answer.selected ? 'yes' : 'no'}, ${answer.rule === null ? 'no rule matches' : `by ${answer.rule}`}`,
    ],
    ['state', answer.selected ? (STATES[answer.state] ?? answer.state) : 'not synced'],
    ...(answer.applied === null ? [] : [['version here', answer.applied]]),
    ...(answer.problem === null ? [] : [['problem', answer.problem]]),
  ];
  const versions = answer.versions.map(({ id, node, time, size, mode, deleted }) =>
    deleted ? [id, node, timeText(time), 'deleted'] : [id, node, timeText(time), sizeText(size), mode],
  );
  const list =
    versions.length === 0 ? '' : `\n${table([['VERSION', 'NODE', 'TIME', 'SIZE', 'MODE'], ...versions], 2)}`;
  return table(rows) + list;
}
