/** What took the most time in the CPU profiles that the daemons wrote. */
import * as fs from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHOWN = 20;

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** microseconds */
  readonly timeDeltas: readonly number[];
}

/** The functions with the most time of their own, of each thread of each process that wrote a profile below a folder. */
export function summarizeProfiles(folder: string): string {
  if (!fs.existsSync(folder)) return 'no profile was written';
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort();
  return files.map((name) => summarize(folder, name)).join('\n');
}

function summarize(folder: string, name: string): string {
  const profile = JSON.parse(fs.readFileSync(join(folder, name), 'utf8')) as Profile;
  const own = ownTimes(profile);
  const idle = (own.get('(idle)') ?? 0) + (own.get('(program)') ?? 0);
  const busy = [...own.values()].reduce((sum, us) => sum + us, 0) - idle;
  const lines = [...own]
    .filter(([what]) => what !== '(idle)' && what !== '(program)')
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(
      ([what, us]) =>
        `  ${(us / 1000).toFixed(0).padStart(7)} ms ${((us / busy) * 100).toFixed(1).padStart(5)} %  ${what}`,
    );
  return [
    `### ${dirname(name)}, ${threadOf(basename(name))}: busy ${(busy / 1e6).toFixed(2)} s`,
    ...lines,
    '',
  ].join('\n');
}

/** Microseconds by function. */
function ownTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame }) => {
      const { functionName, url, lineNumber } = callFrame;
      const file = url.startsWith('file://') ? relative(ROOT, fileURLToPath(url)) : url;
      return [
        id,
        `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`,
      ] as const;
    }),
  );
  const own = new Map<string, number>();
  samples.forEach((sample, i) => {
    const name = names.get(sample) ?? '?';
    own.set(name, (own.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  });
  return own;
}

/** CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile */
function threadOf(file: string): string {
  const [, , , pid, thread] = file.split('.');
  return thread === '0' ? `process ${pid}, main thread` : `process ${pid}, worker ${thread}`;
}
