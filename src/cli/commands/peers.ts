/** `peers [forget NODE]`: identities and fingerprints; forget a pinned one. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { table, timeText } from '../table.ts';

export async function listPeers(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const { self, peers } = await client.call('peers', {});
  if (context.json) printJson(context, { self, peers });
  else {
    const rows = peers.map(({ node, address, state, fingerprint, pinned_at }) => [
      node,
      address ?? '-',
      state,
      pinned_at === null ? '-' : timeText(pinned_at),
      fingerprint ?? '-',
    ]);
    context.out(`this node is ${self.node}, fingerprint ${self.fingerprint ?? 'none'}\n\n`);
    context.out(table([['NODE', 'ADDRESS', 'STATE', 'PINNED', 'FINGERPRINT'], ...rows]));
    const problems = peers.flatMap(({ node, last_error }) =>
      last_error === null ? [] : [`  ! ${node}: ${last_error}\n`],
    );
    if (problems.length > 0) context.out(`\n${problems.join('')}`);
  }
  return EXIT.ok;
}

export async function forgetPeer(context: Context, node: string): Promise<ExitCode> {
  const client = await context.client();
  await client.call('forget', { node });
  if (context.json) printJson(context, { forgotten: node });
  else context.out(`forgotten: the next certificate that ${node} shows is pinned\n`);
  return EXIT.ok;
}
