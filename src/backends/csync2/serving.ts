/**
 * What peers can bring to this node: csync2.cfg names a mapping only while its root is proven to be there and nobody has
 * paused it. csync2 reads the file anew for each session; what it does not name stays with the peers, which try again.
 */
import { generateCsync2Config } from '../../config/csync2/generate.ts';
import { systemClock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import { programPath } from '../../util/program-path.ts';
import type { Group } from '../../config/model.ts';
import type { CsyncdError } from '../../util/errors.ts';
import type { ListenerEvent } from './listener-output.ts';
import { Listener } from './listener.ts';
import { configFileIn, makePrivate, writeWhole, type Places } from './places.ts';
import type { Csync2Program } from './program.ts';

export interface ServingParts {
  readonly group: Group;
  readonly node: string;
  readonly log: Logger;
  readonly program: Csync2Program;
  readonly places: Places;
  readonly onEvent: (event: ListenerEvent) => void;
}

export class Serving {
  readonly #parts: ServingParts;
  /** csync2.cfg is somebody else's and stays as it is */
  readonly #isForeign: boolean;
  #listener: Listener | null = null;
  /** mappings that peers cannot write to */
  #leftOut: ReadonlySet<string> = new Set();

  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#isForeign = parts.group.csync2?.configFile != null;
  }

  /** Before the first run. Throws a CsyncdError `csync2-files`. */
  prepare(): void {
    const { places } = this.#parts;
    makePrivate(places.databaseDir);
    if (this.#isForeign) return;
    makePrivate(places.systemDir, places.bootstrapDir);
    this.#write(places.bootstrapDir, new Set());
  }

  /** @param leaveOut mappings that peers must not write to now */
  async serve(leaveOut: ReadonlySet<string>): Promise<void> {
    const { places, program, log, onEvent, group } = this.#parts;
    if (!this.#isForeign) this.#write(places.systemDir, leaveOut);
    const isLess = !leaveOut.isSubsetOf(this.#leftOut);
    this.#leftOut = leaveOut;
    // A session that has begun would go on below an empty mount point, with the config that it has read. And a foreign config
    // names all mappings, always: then nobody listens while one of them is not there.
    if (isLess || (this.#isForeign && leaveOut.size > 0)) await this.stop();
    if (this.#isForeign && leaveOut.size > 0) return;
    if (this.#listener === null && group.csync2?.listener === 'csyncd') {
      this.#listener = new Listener({ program, clock: systemClock, log, onEvent });
      this.#listener.start();
    }
  }

  /** Why nobody listens; null when somebody does, or shall not. */
  problem(): CsyncdError | null {
    return this.#listener?.problem() ?? null;
  }

  /** @param graceMs how long sessions that are under way may go on */
  async stop(graceMs = 0): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    await listener?.stop(graceMs);
  }

  #write(dir: string, leaveOut: ReadonlySet<string>): void {
    const { group, node, places } = this.#parts;
    const content = generateCsync2Config(group, { node, csyncd: programPath(), leaveOut });
    writeWhole(configFileIn(dir, places.configName), content);
  }
}
