/** `demo`: three nodes on loopback, what arrives where and how fast, one conflict, a proof; then a cluster to play with. */
import type { EventLine, VerifyAnswer } from '../../control/client.ts';
import { printJson, type Context } from '../context.ts';
import { verifyCode } from '../commands/verify.ts';
import { pathText } from '../paths.ts';
import { countText } from '../table.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { arrival } from './arrival.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { provokeConflict, type ConflictOutcome } from './conflict.ts';
import { story, type Scene } from './story.ts';

export async function demo(context: Context, options: { once?: boolean }): Promise<ExitCode> {
  const { signal } = context;
  say(
    context,
    'Three daemons on this machine, each with its own config, key, state and folder.\nStarting them ... ',
  );
  const cluster = await startCluster(signal);
  try {
    say(context, `running in ${cluster.folder}\n\n`);
    for (const scene of story) await play(context, cluster, scene);
    tellConflict(context, await provokeConflict(cluster, signal));
    const [first] = cluster.nodes;
    if (first === undefined) return EXIT.failed;
    const answer = await first.client.call('verify', { mappings: [], deep: true }, signal);
    tellVerify(context, answer);
    if (options.once !== true && context.isTerminal) await playground(context, cluster);
    return verifyCode(answer);
  } finally {
    say(context, '\nStopping the daemons and removing the folder ... ');
    await cluster.end();
    say(context, 'done.\n');
  }
}

async function play(context: Context, { nodes }: Cluster, scene: Scene): Promise<void> {
  const actor = nodes.find(({ name }) => name === scene.node);
  if (actor === undefined) return;
  say(context, `  ${scene.node} ${scene.text.padEnd(30)} `);
  scene.act(actor.root);
  const others = nodes.filter((node) => node !== actor);
  const times = await Promise.all(others.map((node) => arrival(node, scene.holds, context.signal)));
  const arrivals = Object.fromEntries(others.map(({ name }, index) => [name, Math.round(times[index] ?? 0)]));
  if (context.json) printJson(context, { step: scene.text, node: scene.node, arrivals_ms: arrivals });
  const shown = Object.entries(arrivals).map(
    ([name, ms]) => `${name} has it after ${String(ms).padStart(4)} ms`,
  );
  say(context, `${shown.join(', ')}\n`);
}

function tellConflict(context: Context, { winner, ms, backup }: ConflictOutcome): void {
  if (context.json) printJson(context, { step: 'conflict', winner, converged_ms: Math.round(ms), backup });
  say(
    context,
    [
      '\nA conflict: web1 is cut off, web1 and web2 both edit notes.txt, the link comes back.',
      `  ${winner}'s edit is the younger and wins on all three (policy auto: younger), ${Math.round(ms)} ms after the link's return.`,
      `  web1's edit is not lost. ${backup.node} keeps it in`,
      `    ${backup.file}`,
      `  and "csyncd backups restore shared:notes.txt --version ${backup.version}" brings it back.`,
      '',
    ].join('\n'),
  );
}

function tellVerify(context: Context, answer: VerifyAnswer): void {
  if (context.json) printJson(context, { step: 'verify', ...answer });
  for (const { equal, compared, reason, files, nodes, differences } of Object.values(answer.mappings)) {
    const verdict = !compared
      ? `could not be compared${reason === null ? '' : `: ${reason}`}`
      : equal
        ? `${nodes.join(', ')} hold the same ${countText(files)} files, every byte compared`
        : 'the nodes differ';
    say(context, `\nVerified: ${verdict}.\n`);
    for (const difference of differences) {
      say(context, `  ${difference.node}: ${pathText(difference)}: ${difference.reason}\n`);
    }
  }
}

/** Leaves the cluster running and shows what arrives, until Ctrl-C. */
async function playground(context: Context, { nodes }: Cluster): Promise<void> {
  say(context, '\nThe cluster goes on running. Change something in one of these folders; Ctrl-C ends it.\n');
  for (const { name, root } of nodes) say(context, `  ${name}  ${root}\n`);
  say(context, `Ask a node: csyncd --config ${nodes[0]?.config ?? ''} status\n\n`);
  await Promise.all(
    nodes.map(async ({ name, client }) => {
      for await (const event of client.stream(
        'events',
        { since: Date.now(), follow: true },
        context.signal,
      )) {
        if (context.json) printJson(context, { at: name, ...event });
        else context.out(arrivalText(name, event));
      }
    }),
  );
}

function arrivalText(at: string, event: EventLine): string {
  const time = event.time.slice(11, 23);
  return `  ${time}  on ${at}: ${pathText(event)} ${event.what} by ${event.node}, ${event.result}\n`;
}

function say(context: Context, text: string): void {
  if (!context.json) context.out(text);
}
