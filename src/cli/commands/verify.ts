/** `verify`: proves that all online nodes hold the same tree. */
import type { VerifyAnswer } from '../../control/client.ts';
import { CsyncdError } from '../../util/errors.ts';
import { errorText, printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathText } from '../paths.ts';
import { countText } from '../table.ts';

export async function verify(
  context: Context,
  mappings: readonly string[],
  options: { deep?: boolean },
): Promise<ExitCode> {
  let answer: VerifyAnswer;
  try {
    const client = await context.client();
    answer = await client.call(
      'verify',
      { mappings: [...mappings], deep: options.deep === true },
      context.signal,
    );
  } catch (error) {
    if (!(error instanceof CsyncdError)) throw error;
    context.err(errorText(error));
    return EXIT.unavailable;
  }
  if (context.json) printJson(context, answer);
  else context.out(verifyText(answer));
  return verifyCode(answer);
}

/** A difference found outweighs a node that was not reached. */
export function verifyCode(answer: VerifyAnswer): ExitCode {
  const all = Object.values(answer.mappings);
  if (all.some(({ differences, compared, equal }) => differences.length > 0 || (compared && !equal)))
    return EXIT.failed;
  return answer.compared ? EXIT.ok : EXIT.unavailable;
}

function verifyText(answer: VerifyAnswer): string {
  const lines: string[] = [];
  for (const [name, { equal, compared, reason, files, nodes, differences }] of Object.entries(
    answer.mappings,
  )) {
    const on = nodes.length === 0 ? '' : ` on ${nodes.join(', ')}`;
    if (!compared) lines.push(`${name}: could not be compared${reason === null ? '' : `: ${reason}`}`);
    else if (equal) lines.push(`${name}: equal, ${countText(files)} files${on}`);
    else lines.push(`${name}: differs${on}`);
    for (const difference of differences) {
      lines.push(`  ${difference.node}: ${pathText(difference)}: ${difference.reason}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}
