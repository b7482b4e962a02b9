/**
 * Runs the tests: `node test/run.ts [slow|deploy] [PATH…]`. By default all `*.test.ts`, else all `*.slow.ts` or `*.deploy.ts`;
 * PATHs narrow it down to files whose path starts so. Ends with the summary and a non-zero exit code when anything failed.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import type { EventData } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Three at a time on two cores: cluster tests run many processes each, and wait as much as they compute. */
const AT_ONCE = 3;
/** Half of what a daemon's start costs is compiling the same source again. */
const COMPILED = resolve(ROOT, 'node_modules/.cache/csyncd-tests');
/** ms for one test file: long enough for the slowest on a loaded machine, so that only what hangs is cut off. */
const PATIENCE_MS = 600_000;
/** Slow ones take as long as they take. */
const SLOW_PATIENCE_MS = 3_600_000;
/** ms for one thing to happen in a cluster where thousands of files are under way. */
const SLOW_BOUND_MS = 600_000;

type TestEvent = { readonly type: string; readonly data: EventData.TestDiagnostic };

function main(args: readonly string[]): void {
  const kind = args[0] === 'slow' || args[0] === 'deploy' ? args[0] : 'test';
  const files = testFiles(`*.${kind}.ts`, kind === 'test' ? args : args.slice(1));
  const setup = spawnSync(resolve(ROOT, 'test/setup.sh'), [kind], { cwd: ROOT, stdio: 'inherit' });
  if (setup.status !== 0 || files.length === 0) {
    console.error(files.length === 0 ? 'no such test' : 'test/setup.sh failed: see above');
    process.exitCode = 1;
    return;
  }
  const seed = process.env['CSYNCD_SEED'] ?? String(Date.now() % 2 ** 31);
  process.env['CSYNCD_SEED'] = seed;
  process.env['NODE_COMPILE_CACHE'] = COMPILED;
  if (kind === 'slow') process.env['CSYNCD_BOUND_MS'] = String(SLOW_BOUND_MS);
  const summary: string[] = [];
  const events = run({
    files,
    concurrency: kind === 'deploy' ? 1 : AT_ONCE,
    timeout: kind !== 'test' ? SLOW_PATIENCE_MS : PATIENCE_MS,
    cwd: ROOT,
    execArgv: ['--import', resolve(ROOT, 'test/kit/seed.ts')],
  });
  events.once('test:fail', () => {
    process.exitCode = 1;
  });
  const lines = events.compose(withoutSummary(summary)).compose(new spec());
  lines.on('end', () => {
    if (process.exitCode === 1) console.log(`\nThe same random tests again: CSYNCD_SEED=${seed} npm test`);
    console.log(summary.map((line) => `ℹ ${line}`).join('\n'));
  });
  lines.pipe(process.stdout);
}

function testFiles(pattern: string, prefixes: readonly string[]): string[] {
  const wanted = prefixes.map((prefix) => relative(ROOT, resolve(prefix)));
  return globSync(`test/**/${pattern}`, { cwd: ROOT })
    .filter((file) => wanted.length === 0 || wanted.some((prefix) => file.startsWith(prefix)))
    .sort()
    .map((file) => resolve(ROOT, file));
}

/** Keeps back the lines with the counts, which the reporter prints before the failures: here they come last. */
function withoutSummary(kept: string[]) {
  return async function* (source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
    for await (const event of source) {
      if (event.type === 'test:diagnostic' && event.data.nesting === 0 && event.data.file === undefined) {
        kept.push(event.data.message);
      } else {
        yield event;
      }
    }
  };
}

main(process.argv.slice(2));
