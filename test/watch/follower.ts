/**
 * A model of a tree that looks only where a watcher tells it to, and an independent walk to compare it with: what the
 * watcher did not tell, the model does not know.
 */
import { Buffer } from 'node:buffer';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync, type BigIntStats } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { bytesToText } from '../../src/util/bytes.ts';
import { createWatcher, type Tuning } from '../../src/watch/supervisor.ts';
import type { Hint, Watcher, WatcherEvent, WatcherOptions } from '../../src/watch/watcher.ts';

const BOUND_MS = 60_000;
const POLL_MS = 20;

export interface FollowerOptions {
  readonly exclude?: readonly string[];
  readonly include?: readonly string[];
  readonly sweepMs?: number;
  readonly tuning?: Partial<Tuning>;
  /** instead of a watcher of this process */
  readonly create?: (options: WatcherOptions, tuning: Partial<Tuning>) => Watcher;
}

export class Follower {
  readonly root: string;
  readonly watcher: Watcher;
  readonly events: WatcherEvent[] = [];
  readonly #model = new Map<string, string>();
  #hints: Hint[] = [];

  constructor(root: string, options: FollowerOptions = {}) {
    this.root = root;
    const { exclude = [], include = [], sweepMs = 600_000, tuning = {}, create = createWatcher } = options;
    // Sweeps by the clock are out of reach, so that a directory that tells nothing is found out.
    this.watcher = create(
      {
        root,
        hidden: ['.csyncd'],
        selection: { exclude, include },
        sweepMs,
        onEvent: (event) => this.#heard(event),
      },
      { backoff: { firstMs: 20, maxMs: 1_000 }, ...tuning },
    );
    this.watcher.start();
  }

  /** How many events of a kind were heard. */
  count(kind: WatcherEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }

  async heard(kind: WatcherEvent['kind'], times = 1): Promise<void> {
    await until(
      () => this.count(kind) >= times,
      () => `no '${kind}', only ${JSON.stringify(this.events.map((event) => event.kind))}`,
    );
  }

  /** Resolves when the model equals the disk. */
  async converged(): Promise<void> {
    let difference = '';
    await until(
      () => {
        difference = this.#difference();
        return difference === '';
      },
      () => `the model differs from the disk:\n${difference}`,
    );
  }

  /**
   * Proves that no directory is blind: writes into an existing file in each, which no directory's mtime shows, until
   * that is hinted. Events may be lost when they come fast, so each is tried again and again.
   */
  async sees(
    directories = [...walk(this.root)].filter(([, is]) => is.startsWith('dir')).map(([path]) => path),
  ): Promise<void> {
    const probes = ['', ...directories].map((dir) => (dir === '' ? 'probe' : `${dir}/probe`));
    for (const probe of probes) writeFileSync(this.absolute(probe), '');
    await this.converged();
    for (let at = 0; at < probes.length; at += 10) {
      const group = probes.slice(at, at + 10);
      let blind = group;
      const deadline = performance.now() + BOUND_MS;
      for (let attempt = 0; blind.length > 0 && performance.now() < deadline; attempt += 1) {
        this.#hints = [];
        for (const probe of blind) writeFileSync(this.absolute(probe), `${attempt} ${at}`);
        blind = await this.#unseen(blind);
      }
      if (blind.length > 0) throw new Error(`never hinted: ${blind.map(bytesToText).join(', ')}`);
    }
    await this.converged();
  }

  /** Hints since the last call. */
  takeHints(): readonly Hint[] {
    const hints = this.#hints;
    this.#hints = [];
    return hints;
  }

  absolute(path: string): Buffer {
    return Buffer.from(path === '' ? this.root : `${this.root}/${path}`, 'latin1');
  }

  async #unseen(paths: readonly string[]): Promise<string[]> {
    const missing = (): string[] => paths.filter((path) => !this.#hints.some((hint) => includes(hint, path)));
    const deadline = performance.now() + 3_000;
    while (missing().length > 0 && performance.now() < deadline) await pause(POLL_MS);
    return missing();
  }

  #heard(event: WatcherEvent): void {
    this.events.push(event);
    if (event.kind === 'covered' || event.kind === 'suspicion') this.#look({ path: '', scope: 'subtree' });
    if (event.kind !== 'hints') return;
    this.#hints.push(...event.hints);
    for (const hint of event.hints) this.#look(hint);
  }

  #look({ path, scope }: Hint): void {
    if (scope === 'children') {
      for (const known of this.#model.keys()) {
        if (parentOf(known) === path && known !== '') this.#lookAtEntry(known);
      }
      for (const name of list(this.absolute(path))) this.#lookAtEntry(path === '' ? name : `${path}/${name}`);
      return;
    }
    if (path !== '') this.#lookAtEntry(path);
    if (scope === 'entry') return;
    this.#forgetBelow(path);
    for (const [below, value] of walk(this.root, path)) this.#model.set(below, value);
  }

  #lookAtEntry(path: string): void {
    if (path === '.csyncd') return;
    const value = valueOf(this.absolute(path));
    const wasDir = this.#model.get(path)?.startsWith('dir') === true;
    if (wasDir && value?.startsWith('dir') !== true) this.#forgetBelow(path);
    if (value === null) this.#model.delete(path);
    else this.#model.set(path, value);
  }

  #forgetBelow(path: string): void {
    for (const known of this.#model.keys()) {
      if (path === '' || known.startsWith(`${path}/`)) this.#model.delete(known);
    }
  }

  #difference(): string {
    const disk = new Map(walk(this.root));
    const lines: string[] = [];
    for (const [path, value] of disk) {
      const known = this.#model.get(path);
      if (known !== value) lines.push(`${bytesToText(path)}: disk ${value}, model ${known ?? 'nothing'}`);
    }
    for (const path of this.#model.keys()) {
      if (!disk.has(path)) lines.push(`${bytesToText(path)}: only in the model`);
    }
    return lines.slice(0, 20).join('\n');
  }
}

/** Runs `test` with a watcher on a new directory that `prepare` has filled, from `covered` on. */
export async function watching(
  test: (follower: Follower, root: string) => Promise<void>,
  prepare: (root: string) => void = () => {},
  options: FollowerOptions = {},
): Promise<void> {
  const root = mkdtempSync(`${tmpdir()}/csyncd-watch-test-`);
  prepare(root);
  const follower = new Follower(root, options);
  try {
    await follower.heard('covered');
    await test(follower, root);
  } finally {
    await follower.watcher.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Waits for a condition; gives up after a minute. */
export async function until(holds: () => boolean, complaint: () => string): Promise<void> {
  const deadline = performance.now() + BOUND_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`gave up waiting: ${complaint()}`);
    await pause(POLL_MS);
  }
}

function includes(hint: Hint, path: string): boolean {
  if (hint.path === path) return hint.scope !== 'children';
  if (hint.scope === 'children') return parentOf(path) === hint.path;
  return hint.scope === 'subtree' && (hint.path === '' || path.startsWith(`${hint.path}/`));
}

function* walk(root: string, top = ''): Generator<[string, string]> {
  const dirs = [top];
  for (let dir = dirs.pop(); dir !== undefined; dir = dirs.pop()) {
    const absolute = Buffer.from(dir === '' ? root : `${root}/${dir}`, 'latin1');
    for (const name of list(absolute)) {
      const path = dir === '' ? name : `${dir}/${name}`;
      if (path === '.csyncd') continue;
      const value = valueOf(Buffer.from(`${root}/${path}`, 'latin1'));
      if (value === null) continue;
      yield [path, value];
      if (value.startsWith('dir')) dirs.push(path);
    }
  }
}

function list(dir: Buffer): string[] {
  try {
    return readdirSync(dir, 'latin1');
  } catch {
    return [];
  }
}

/** Null when nothing is there. A directory's times and size are not its own: they follow from its names. */
function valueOf(path: Buffer): string | null {
  let stat: BigIntStats;
  try {
    stat = lstatSync(path, { bigint: true });
  } catch {
    return null;
  }
  const { ino, mode, uid, size, mtimeNs } = stat;
  if (stat.isDirectory()) return `dir ${ino} ${mode.toString(8)} ${uid}`;
  return `${stat.isSymbolicLink() ? 'link' : 'file'} ${ino} ${mode.toString(8)} ${uid} ${size} ${mtimeNs}`;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}
