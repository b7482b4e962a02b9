/** csyncd against Debian's csync2, rsync and lsyncd + csync2, three hosts on one machine: `npm run bench`. See docs/BENCHMARKS.md. */
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import { undoAtExit } from './kit/cleanup.ts';
import { busyMachine, describeMachine } from './kit/machine.ts';
import type { Outcome } from './kit/outcome.ts';
import { printOutcome } from './kit/print.ts';
import { summarizeProfiles } from './kit/profile.ts';
import { Bench } from './kit/workload.ts';
import type { Workload } from './kit/workload.ts';
import { USAGE, parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { changedBlocks } from './workloads/changed-blocks.ts';
import { deletion } from './workloads/delete.ts';
import { oneFile } from './workloads/one-file.ts';
import { oneGib } from './workloads/one-gib.ts';
import { pairLatency } from './workloads/pair-latency.ts';
import { pairRename } from './workloads/pair-rename.ts';
import { pairSmallFiles } from './workloads/pair-small-files.ts';
import { renameDirectory } from './workloads/rename-directory.ts';
import { outage } from './workloads/outage.ts';
import { memory } from './workloads/memory.ts';
import { idle } from './workloads/idle.ts';
import { restart } from './workloads/restart.ts';
import { smallFiles } from './workloads/small-files.ts';

const WORKLOADS: readonly Workload[] = [
  smallFiles,
  oneFile,
  oneGib,
  changedBlocks,
  renameDirectory,
  deletion,
  outage,
  restart,
  memory,
  idle,
  pairLatency,
  pairSmallFiles,
  pairRename,
];

async function main(args: readonly string[]): Promise<void> {
  const options = optionsOf(args);
  if (options === null) return;
  if (options.list) {
    console.log(WORKLOADS.map(({ name }) => name).join('\n'));
    return;
  }
  const unknown = options.workloads.filter((name) => !WORKLOADS.some((workload) => workload.name === name));
  if (unknown.length > 0) return usage(`no workload ${unknown.join(', ')}; --list names them`);
  if (process.getuid?.() !== 0) return usage('network namespaces need root');
  undoAtExit();
  // The test kit's places are below the system's temporary folder.
  process.env['TMPDIR'] = resolve(options.dir);
  console.log(`${describeMachine(options.dir)}; medians of ${options.runs}\n`);
  const busy = busyMachine();
  if (busy !== null) console.log(`NOTE: ${busy}\n`);
  const outcomes: Outcome[] = [];
  for (const workload of WORKLOADS) {
    if (options.workloads.length > 0 && !options.workloads.includes(workload.name)) continue;
    const outcome = await runWorkload(workload, options);
    if (outcome !== null) outcomes.push(outcome);
    if (options.json !== null) fs.writeFileSync(options.json, JSON.stringify(outcomes, null, 2));
  }
}

/** null when it failed: the others run all the same. */
async function runWorkload(workload: Workload, options: Options): Promise<Outcome | null> {
  const profile = options.profile === null ? null : resolve(options.profile, workload.name);
  const bench = new Bench(options, profile);
  try {
    const outcome = await workload.run(bench);
    console.log(printOutcome(outcome));
    if (outcome.wrong.length > 0) process.exitCode = 1;
    return outcome;
  } catch (error) {
    console.log(`## ${workload.name}: failed\n\n${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
    return null;
  } finally {
    await bench.end();
    if (profile !== null) console.log(summarizeProfiles(profile));
  }
}

function optionsOf(args: readonly string[]): Options | null {
  try {
    return parseOptions(args);
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error));
    return null;
  }
}

function usage(problem: string): void {
  console.error(`${problem}\n\n${USAGE}`);
  process.exitCode = 64;
}

await main(process.argv.slice(2));
