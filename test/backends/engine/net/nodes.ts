/** Networks on loopback with everything that they report written down, in order, and a way to wait for a line of it. */
import { EventEmitter, once } from 'node:events';
import { createCertificate } from '../../../../src/util/certificate.ts';
import { X509Certificate } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import type { GroupKey } from '../../../../src/backends/engine/net/group-key.ts';
import type { Identity } from '../../../../src/backends/engine/net/identity.ts';
import type {
  BulkFrame,
  Link,
  LinkHandlers,
  LinkProblem,
  NetworkEvents,
} from '../../../../src/backends/engine/net/link.ts';
import { createNetwork } from '../../../../src/backends/engine/net/network.ts';
import type {
  NetworkOptions,
  NetworkSettings,
  RunningNetwork,
} from '../../../../src/backends/engine/net/network.ts';
import { createPins } from '../../../../src/backends/engine/net/pins.ts';
import type { Pins } from '../../../../src/backends/engine/net/pins.ts';
import type { Message } from '../../../../src/backends/engine/wire/messages.ts';

export type Line =
  | { readonly kind: 'linked'; readonly peer: string; readonly link: Link }
  | { readonly kind: 'closed'; readonly peer: string; readonly link: Link; readonly reason: string }
  | { readonly kind: 'message'; readonly peer: string; readonly message: Message }
  | { readonly kind: 'bulk'; readonly peer: string; readonly frame: BulkFrame }
  | { readonly kind: 'problem'; readonly peer: string; readonly problem: LinkProblem }
  | { readonly kind: 'stranger'; readonly from: string; readonly problem: LinkProblem };

type LineOf<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>;

export const KEY = Buffer.from('a'.repeat(64));
export const OTHER_KEY = Buffer.from('b'.repeat(64));
export const FAST = { firstRetryMs: 5, maxRetryMs: 20 };

const identities = new Map<string, Promise<Identity>>();

/** The same identity for the same name and generation, in one test process: keys cost time. */
export function identityOf(name: string, generation = 0): Promise<Identity> {
  const key = `${name}/${generation}`;
  const identity = identities.get(key) ?? makeIdentity(name);
  identities.set(key, identity);
  return identity;
}

async function makeIdentity(name: string): Promise<Identity> {
  const { key, cert } = await createCertificate(name, [name]);
  return { key, cert, ca: null, fingerprint: new X509Certificate(cert).fingerprint256 };
}

export function group(name: string, members: readonly string[], key = KEY): GroupKey {
  return { name, key, members };
}

export function memoryPins(): Pins {
  const stored = new Map<string, string>();
  return createPins({
    get: (key) => stored.get(key) ?? null,
    set: (key, value) => void stored.set(key, value),
  });
}

export class TestNode implements NetworkEvents {
  readonly name: string;
  readonly lines: Line[] = [];
  readonly pins: Pins;
  network!: RunningNetwork;
  settings!: NetworkSettings;
  /** what the bulk handler returns */
  takeBulk: (frame: BulkFrame) => void | Promise<void> = () => undefined;
  readonly #news = new EventEmitter();

  private constructor(name: string, pins: Pins) {
    this.name = name;
    this.pins = pins;
    this.#news.setMaxListeners(100);
  }

  /** Listens, and dials nobody until `meet`. */
  static async start(
    t: TestContext,
    name: string,
    groups: readonly GroupKey[],
    options: Partial<NetworkOptions> = {},
  ): Promise<TestNode> {
    const node = new TestNode(name, options.pins ?? memoryPins());
    node.settings = {
      listen: options.listen ?? { host: '127.0.0.1', port: 0 },
      peers: options.peers ?? [],
      groups,
      identity: options.identity ?? (await identityOf(name)),
      limits: options.limits ?? { sendRate: 0, receiveRate: 0 },
    };
    node.network = createNetwork({
      node: name as NodeId,
      version: '0.1.0',
      pins: node.pins,
      events: node,
      clock: options.clock ?? Date,
      timing: { ...FAST, ...options.timing },
      ...node.settings,
      ...(options.features === undefined ? {} : { features: options.features }),
    });
    await node.network.start();
    t.after(() => node.network.stop());
    return node;
  }

  get port(): number {
    return this.network.address().port;
  }

  /** Dials these nodes; the key is the name under which a node is dialed. */
  meet(...others: (TestNode | { name: string; port: number })[]): Promise<void> {
    const peers = others.map(({ name, port }) => ({ name: name as NodeId, host: '127.0.0.1', port }));
    return this.change({ peers });
  }

  async change(changed: Partial<NetworkSettings>): Promise<void> {
    const settings = { ...this.settings, ...changed };
    await this.network.reconfigure(settings);
    this.settings = settings;
  }

  /** The first line of a kind that fits, from `from` on; waits for it as long as the test may take. */
  async line<Kind extends Line['kind']>(
    kind: Kind,
    fits: (line: LineOf<Kind>) => boolean = () => true,
    from = 0,
  ): Promise<LineOf<Kind>> {
    for (;;) {
      const found = this.lines
        .slice(from)
        .find((line): line is LineOf<Kind> => line.kind === kind && fits(line as LineOf<Kind>));
      if (found !== undefined) return found;
      await once(this.#news, 'line');
    }
  }

  /** The link that stands to a peer, once it does. */
  async linkTo(peer: TestNode | string, from = 0): Promise<Link> {
    const name = typeof peer === 'string' ? peer : peer.name;
    return (await this.line('linked', (line) => line.peer === name, from)).link;
  }

  /** The link to a peer that stands now. */
  standing({ name }: TestNode): Link | null {
    const last = this.lines.findLast(
      (line) => (line.kind === 'linked' || line.kind === 'closed') && line.peer === name,
    );
    return last?.kind === 'linked' ? last.link : null;
  }

  count(kind: Line['kind']): number {
    return this.lines.filter((line) => line.kind === kind).length;
  }

  linked(link: Link): LinkHandlers {
    const { peer } = link;
    this.#write({ kind: 'linked', peer, link });
    return {
      message: (message) => this.#write({ kind: 'message', peer, message }),
      bulk: (frame) => {
        this.#write({ kind: 'bulk', peer, frame });
        return this.takeBulk(frame);
      },
      closed: (reason) => this.#write({ kind: 'closed', peer, link, reason }),
    };
  }

  problem(peer: NodeId, problem: LinkProblem): void {
    this.#write({ kind: 'problem', peer, problem });
  }

  stranger(from: string, problem: LinkProblem): void {
    this.#write({ kind: 'stranger', from, problem });
  }

  #write(line: Line): void {
    this.lines.push(line);
    this.#news.emit('line');
  }
}
