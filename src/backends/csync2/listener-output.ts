/**
 * What csync2's listener prints at `-v`: lines of its sessions, each behind the number of its process. Two sessions' lines
 * can only mix in these numbers, and `Updated` is also said of a deletion and of what then failed.
 */
import { problem, reasonOfLine, type Problem } from './remedies.ts';

/** `session` is the number of the process; null for the listener itself. Names are csync2's, byte strings. */
export type ListenerEvent = { readonly session: number | null } & (
  | { readonly kind: 'listening' }
  | { readonly kind: 'connected'; readonly address: string }
  | { readonly kind: 'updated'; readonly name: string; readonly peer: string }
  /** a change of this node's own was noticed, which now meets the peer's */
  | { readonly kind: 'marked'; readonly name: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'disk'; readonly message: string }
  | { readonly kind: 'other'; readonly line: string }
);

/** A path, and what csync2 prints around it. */
const LONGEST = 4600;

export class ListenerOutput {
  readonly #onEvent: (event: ListenerEvent) => void;
  /** the beginning of a line whose name has a line break in it */
  #unfinished: { readonly session: number | null; readonly text: string } | null = null;

  constructor(onEvent: (event: ListenerEvent) => void) {
    this.#onEvent = onEvent;
  }

  line(line: string): void {
    const [prefix = ''] = /^(?:<\d+> )*/.exec(line) ?? [];
    const numbers = [...prefix.matchAll(/\d+/g)];
    const last = numbers.at(-1);
    const session = last === undefined ? null : Number(last[0]);
    const text = line.slice(prefix.length);
    const unfinished = this.#unfinished;
    this.#unfinished = null;
    if (unfinished === null) {
      this.#whole(session, text);
    } else if (session === null && unfinished.text.length < LONGEST) {
      this.#whole(unfinished.session, `${unfinished.text}\n${text}`);
    } else {
      this.#onEvent({ kind: 'other', session: unfinished.session, line: unfinished.text });
      this.#whole(session, text);
    }
  }

  #whole(session: number | null, text: string): void {
    const [, name, peer] = /^Updated (.*) from (\S+)\.$/s.exec(text) ?? [];
    const [, address] = /^New connection from (.*):\d+\.$/.exec(text) ?? [];
    const [, marked] = /^Marking file as dirty: (.*)$/s.exec(text) ?? [];
    const reason = reasonOfLine(text);
    if (name !== undefined && peer !== undefined) this.#onEvent({ kind: 'updated', session, name, peer });
    else if (text.startsWith('Updated ')) this.#unfinished = { session, text };
    else if (address !== undefined) this.#onEvent({ kind: 'connected', session, address });
    else if (marked !== undefined) this.#onEvent({ kind: 'marked', session, name: marked });
    else if (text === 'Connection closed.') this.#onEvent({ kind: 'closed', session });
    else if (text.startsWith('Listening on ')) this.#onEvent({ kind: 'listening', session });
    else if (reason !== null) this.#onEvent({ kind: 'problem', session, problem: problem(reason, text) });
    else if (/^(I\/O Error |mkstemp )/.test(text)) this.#onEvent({ kind: 'disk', session, message: text });
    else if (!/^(Finished with \d+ errors\.|Adding peer x509 .*|)$/.test(text))
      this.#onEvent({ kind: 'other', session, line: text });
  }
}
