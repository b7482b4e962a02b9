/** What must be undone however the bench ends: done when the process exits, which signals make it do. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../test/kit/cluster/command.ts';

const PREFIX = 'csyb';
const ENDING = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const undoings: (() => void)[] = [];

/** From now on Ctrl-C, an exception and the end of the bench undo what was registered, the last first. */
export function undoAtExit(): void {
  process.once('exit', undoAll);
  for (const [signal, code] of Object.entries(ENDING)) process.on(signal, () => process.exit(code));
}

/** Returns a function that undoes it now instead. */
export function onExit(undo: () => void): () => void {
  undoings.push(undo);
  return () => {
    const at = undoings.indexOf(undo);
    if (at === -1) return;
    undoings.splice(at, 1);
    undo();
  };
}

function undoAll(): void {
  for (const undo of undoings.splice(0).toReversed()) {
    try {
      undo();
    } catch (error) {
      console.error(`cleaning up: ${String(error)}`);
    }
  }
}

/** A folder that goes at the end; also removes those of a bench that was killed. */
export function makeFolder(dir: string): { readonly folder: string; readonly remove: () => void } {
  for (const name of fs.readdirSync(dir)) {
    const [prefix, pid] = name.split('-');
    if (prefix === PREFIX && !fs.existsSync(`/proc/${pid}`)) remove(join(dir, name));
  }
  const folder = fs.mkdtempSync(join(dir, `${PREFIX}-${process.pid}-`));
  return { folder, remove: onExit(() => remove(folder)) };
}

// rm is several times faster than node:fs on millions of files.
function remove(folder: string): void {
  attempt('rm', '-rf', '--one-file-system', folder);
}
