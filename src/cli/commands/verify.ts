/** `verify`: proves that all online nodes hold the same tree. */
import type { VerifyAnswer } from '../../control/client.ts';
import { CsyncdError } from '../../util/errors.ts';
import { errorText, printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathText } from '../paths.ts';
import { countText, firstOf } from '../table.ts';

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
  const lines = Object.entries(answer.mappings).flatMap(([name, facts]) => {
    const differences = facts.differences.map(
      (difference) => `${difference.node}: ${pathText(difference)}: ${difference.reason}`,
    );
    return [`${name}: ${verdict(facts)}`, ...firstOf(differences).map((line) => `  ${line}`)];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function verdict({
  equal,
  compared,
  unreachable,
  reason,
  files,
  nodes,
  differences,
}: VerifyAnswer['mappings'][string]): string {
  const on = nodes.length === 0 ? '' : ` on ${nodes.join(', ')}`;
  const many = `${countText(files)} files`;
  if (equal) return `equal, ${many}${on}`;
  const found = differences.length > 0 || compared ? 'differs' : `equal, ${many}`;
  if (unreachable.length === 0) return compared ? `differs${on}` : `could not be compared: ${reason ?? ''}`;
  const missing = `not compared with ${unreachable.join(', ')} (csyncd status tells why)`;
  return nodes.length > 1 || differences.length > 0 ? `${found}${on}; ${missing}` : missing;
}
