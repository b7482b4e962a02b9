/** Goes through a section of a page as an administrator would, and holds what is printed against what the page says. */
import { fileURLToPath } from 'node:url';
import type { Host, Hosts } from './hosts.ts';
import { isAsWritten, readPage } from './page.ts';
import type { Command, Section } from './page.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Also for what waits by itself, on a loaded machine. */
const COMMAND_BOUND_MS = 120_000;

export class Walk<Name extends string> {
  readonly #hosts: Hosts<Name>;
  readonly #section: Section;
  #next = 0;
  /** `export` holds for what follows in the same shell */
  readonly #exports = new Map<string, string>();

  /** @param page relative to the checkout */
  constructor(hosts: Hosts<Name>, page: string, title: string) {
    const section = readPage(`${ROOT}/${page}`).find((section) => section.title === title);
    if (section === undefined) throw new Error(`${page} has no section "${title}"`);
    this.#hosts = hosts;
    this.#section = section;
  }

  /**
   * The next step, which must have this title: a step that is left out would not be proven.
   *
   * @param otherwise what commands print that find other things than the page tells of, by their line; they may fail
   */
  async step(title: string, otherwise: Readonly<Record<string, string>> = {}): Promise<void> {
    const step = this.#section.steps[this.#next++];
    if (step?.title !== title) throw new Error(`the next step is "${step?.title}", not "${title}"`);
    for (const block of step.blocks) {
      for (const host of this.#named(block.at)) {
        if (block.kind === 'file') host.put(block.path, block.content);
        else await this.#run(host, block, otherwise[block.line]);
      }
    }
  }

  /** Nothing of the section was left out. */
  done(): void {
    const left = this.#section.steps.slice(this.#next).map(({ title }) => title);
    if (left.length > 0) throw new Error(`not done: ${left.join(', ')}`);
  }

  async #run(host: Host, { line, prints }: Command, otherwise: string | undefined): Promise<void> {
    const before = this.#exports.get(host.name) ?? '';
    const start = performance.now();
    const { code, stdout } = await host.sh(`exec 2>&1\n${before}${line}`, COMMAND_BOUND_MS);
    if (line.startsWith('export ')) this.#exports.set(host.name, `${before}${line}\n`);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const said = `${host.name}# ${line}\n${stdout}(exit ${code}, ${seconds} s)`;
    if (process.env['CSYNCD_SHOW'] !== undefined) console.log(said);
    const isRight =
      otherwise === undefined
        ? code === 0 && isAsWritten(stdout, prints)
        : isAsWritten(stdout, otherwise.split('\n'));
    if (isRight) return;
    const status = await host.sh('csyncd status 2>&1');
    throw new Error(
      `${said}\n--- the page says:\n${otherwise ?? prints.join('\n')}\n--- csyncd status:\n${status.stdout}`,
    );
  }

  #named(names: readonly string[]): readonly Host[] {
    if (names.includes('all')) return this.#hosts.all;
    return this.#hosts.all.filter(({ name }) => names.includes(name));
  }
}
