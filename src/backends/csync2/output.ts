/**
 * What a csync2 client prints, line by line, as what happened to each file and to the run. At `-v` it does not say why a
 * peer refused a file; at `-vvv` it does (protocol-lines.ts), at the price of printing all that it sends, so the latter is
 * for runs that find out. A name with a line break in it is whole in what is sent, and cut off at the break elsewhere.
 *
 * Whoever names a file can make csync2 print lines that look like its own: what is told here is for people. What the peers
 * are owed is what stands in csync2's database.
 */
import { answerIn, isProtocolLine, nameAsked } from './protocol-lines.ts';
import { problem, reasonOfAnswer, reasonOfLine, remedyOf, type Problem, type Reason } from './remedies.ts';

export interface FileResult {
  /** csync2's name of it, a byte string */
  readonly name: string;
  readonly action: 'update' | 'delete';
  /** `equal`: the peer had it already */
  readonly state: 'sent' | 'equal' | 'failed';
  /** of a failed one; `unknown` when csync2 did not say */
  readonly reason: Reason | null;
  /** csync2's own words for it, when there are any */
  readonly message: string | null;
  /** what to do about it */
  readonly remedy: string | null;
  /** it was changed on both nodes, and this is what `auto` made of it: `left` when there is no policy */
  readonly conflict: 'won' | 'lost' | 'left' | null;
}

export interface ClientReport {
  /** names that the run marked as owed to peers */
  readonly marked: readonly string[];
  /** what became of each file, in the order of the last attempt */
  readonly files: readonly FileResult[];
  /** what ended the run or its session with the peer; null when it went through */
  readonly problem: Problem | null;
  /** the last file that it came to, where the session ended in the middle; null otherwise */
  readonly stoppedAt: FileResult | null;
  readonly usesTls: boolean;
  /** the number in csync2's last line; null when it did not get there */
  readonly errors: number | null;
  /** lines that are not understood */
  readonly other: readonly string[];
}

interface Current {
  name: string;
  readonly action: 'update' | 'delete';
  state: 'sent' | 'equal' | 'failed';
  conflict: FileResult['conflict'];
  message: string | null;
  answer: string | null;
}

const MOST_OTHER = 100;
/** A path, and what csync2 prints around it. */
const LONGEST_NAME = 4600;

/** Reads one run at `-v` or `-vvv` with one peer, or one that calls none. */
export class ClientOutput {
  readonly #marked: string[] = [];
  readonly #files = new Map<string, FileResult>();
  readonly #other: string[] = [];
  readonly #nameLine: RegExp;
  #current: Current | null = null;
  /** the beginning of a name that has a line break in it */
  #unfinished: string | null = null;
  /** the peer's last answer that was a refusal, before any file */
  #refusal: string | null = null;
  #problem: Problem | null = null;
  #usesTls = false;
  #errors: number | null = null;
  #isConnected = false;

  /** @param peer csync2's name of it */
  constructor(peer: string | null) {
    this.#nameLine = new RegExp(`^(Updating|Deleting) ([^]*) on ${RegExp.escape(peer ?? '')} \\.\\.\\.$`);
  }

  line(line: string): void {
    // Without a line break of its own in front of what comes next.
    const text = line.replace(/^auto resolving\.\.\. response = (\d+)/, (_, code: string) => {
      if (Number(code) === CONFLICT && this.#current !== null) this.#current.conflict ??= 'left';
      return '';
    });
    if (this.#unfinished !== null) this.#continued(text);
    else if (text !== '') this.#whole(text);
  }

  /** The run has ended. */
  finish(): ClientReport {
    const last = this.#current ?? [...this.#files.values()].at(-1) ?? null;
    // Without the summary csync2 died or was killed: what became of the last file is not known.
    if (this.#errors === null && this.#current?.state === 'sent') this.#current = null;
    this.#keepCurrent();
    const found = this.#problem ?? this.#silentProblem();
    return {
      marked: this.#marked,
      files: [...this.#files.values()],
      problem: found,
      stoppedAt: last !== null && found?.reason === 'interrupted' ? stopped(last, found) : null,
      usesTls: this.#usesTls,
      errors: this.#errors,
      other: this.#other,
    };
  }

  /** csync2 counts errors that it says nothing of, and it may die when a peer ends the session. */
  #silentProblem(): Problem | null {
    const errors = this.#errors;
    if (this.#refusal !== null) return problem(reasonOfAnswer(this.#refusal), this.#refusal);
    if (errors === null && this.#isConnected) {
      const isAtStart = this.#usesTls && this.#files.size === 0;
      return isAtStart
        ? problem('tls-failed', 'the peer ended the TLS session')
        : problem('interrupted', 'the session with the peer ended in the middle');
    }
    if (errors === null) {
      const said = this.#other.at(-1);
      return problem('unknown', said === undefined ? 'csync2 died' : `csync2 died; it said: ${said}`);
    }
    const isExplained = [...this.#files.values()].some(({ state }) => state === 'failed');
    if (errors === 0 || isExplained) return null;
    return problem('unknown', `csync2 counts ${errors} errors`);
  }

  #continued(text: string): void {
    const joined = `${this.#unfinished}\n${text}`;
    this.#unfinished = null;
    if (this.#nameLine.test(joined)) this.#whole(joined);
    else if (joined.length < LONGEST_NAME) this.#unfinished = joined;
    else this.#other.push(joined);
  }

  #whole(text: string): void {
    if (this.#isProtocol(text)) return;
    const [, verb, name] = this.#nameLine.exec(text) ?? [];
    if (verb !== undefined && name !== undefined) this.#begin(verb, name);
    else if (/^(Updating|Deleting) /.test(text)) this.#unfinished = text;
    else if (!this.#ofFile(text) && !this.#ofRun(text) && this.#other.length < MOST_OTHER)
      this.#other.push(text);
  }

  #begin(verb: string, name: string): void {
    this.#keepCurrent();
    const action = verb === 'Updating' ? 'update' : 'delete';
    // The winner of a conflict is sent once more.
    const before = this.#files.get(name);
    const conflict = before?.conflict === 'won' ? before.conflict : null;
    this.#current = { name, action, state: 'sent', conflict, message: null, answer: null };
  }

  #isProtocol(text: string): boolean {
    const name = nameAsked(text);
    if (name !== null && this.#current !== null) this.#current.name = name;
    const answer = answerIn(text);
    if (answer !== null && !answer.startsWith('OK (')) {
      if (this.#current === null) this.#refusal = answer;
      else this.#current.answer = answer;
    }
    return answer !== null || isProtocolLine(text);
  }

  #ofFile(text: string): boolean {
    const current = this.#current;
    const [, outcome] = /^(Auto-resolving conflict: Won|Do not auto-resolve conflict:) /.exec(text) ?? [];
    if (outcome !== undefined && current !== null) {
      current.conflict = outcome.startsWith('Auto') ? 'won' : 'lost';
      current.message = text;
    } else if (text === 'File is already up to date on peer.' && current !== null) {
      current.state = 'equal';
    } else if (text.startsWith('I/O Error ') && current !== null) {
      current.message = text;
    } else if (text.startsWith('File stays in dirty state.')) {
      if (current !== null) current.state = 'failed';
      this.#keepCurrent();
    } else {
      return false;
    }
    return true;
  }

  #ofRun(text: string): boolean {
    const [, marked] = /^Marking file as dirty: (.*)$/s.exec(text) ?? [];
    const [, errors] = /^Finished with (\d+) errors\.$/.exec(text) ?? [];
    const [, mode] = /^Connecting to host .* \((SSL|PLAIN)\) \.\.\.$/.exec(text) ?? [];
    const reason = reasonOfLine(text);
    if (marked !== undefined) this.#marked.push(marked);
    else if (errors !== undefined) this.#errors = Number(errors);
    else if (mode !== undefined) this.#usesTls = mode === 'SSL';
    else if (text.startsWith('Connect to ')) this.#isConnected = true;
    // The first says most: what follows is that the connection failed.
    else if (reason !== null) this.#problem ??= problem(reason, text);
    else
      return /^(Connection closed\.|Bound to |missing parent dir : |Host stays in dirty|Adding peer x509)/.test(
        text,
      );
    return true;
  }

  #keepCurrent(): void {
    const current = this.#current;
    if (current === null) return;
    this.#current = null;
    const { name, action, state, answer } = current;
    const isFailed = state === 'failed';
    const isConflict = answer !== null && reasonOfAnswer(answer) === 'conflict';
    const conflict = current.conflict ?? (isConflict ? 'left' : null);
    const reason = !isFailed
      ? null
      : conflict !== null
        ? 'conflict'
        : reasonOfFailure(answer, current.message);
    // Behind what came before it: a file that is tried again counts as it ended.
    this.#files.delete(name);
    const message = isFailed ? (current.message ?? answer) : null;
    const remedy = reason === null ? null : remedyOf(reason);
    this.#files.set(name, { name, action, state, reason, message, remedy, conflict });
  }
}

function stopped({ name, action }: Pick<FileResult, 'name' | 'action'>, why: Problem): FileResult {
  const { reason, message, remedy } = why;
  return { name, action, state: 'failed', reason, message, remedy, conflict: null };
}

/** csync2's number for an answer that says so. */
const CONFLICT = 10;

function reasonOfFailure(answer: string | null, message: string | null): Reason {
  if (answer !== null) return reasonOfAnswer(answer);
  return message === null ? 'unknown' : 'peer-disk';
}
