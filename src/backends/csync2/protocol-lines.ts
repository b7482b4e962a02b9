/**
 * What csync2 prints of its conversation with a peer at its third level of verbosity (`-vvv`): the only place where it says
 * which file an answer is about without doubt, and why a file was refused. These lines hold the group's key and files'
 * content: nothing of them is kept but what is read here.
 */
import { decode } from './encoding.ts';

/** The name in `Local> SIG KEY NAME …\n`, a byte string; null for any other line. */
export function nameAsked(line: string): string | null {
  const [, name] = /^Local> [A-Z]+ [A-Za-z0-9._]{32,} (\S+?)(?: .*)?\\n$/.exec(line) ?? [];
  return name === undefined ? null : decode(unescapeOctal(name));
}

/** The peer's answer in `response from peer(NAME): PEER [CODE] <- ANSWER`; null for any other line. */
export function answerIn(line: string): string | null {
  // A name may hold a line break, so only the end of the line is sure.
  const [, answer] = /\): \S+ \[\d+\] <- (.+)$/.exec(line) ?? [];
  return answer ?? null;
}

/** Whether a line is printed at this level alone, and of no use beyond what is read here. */
export function isProtocolLine(line: string): boolean {
  return PROTOCOL.test(line) || DETAIL.test(line);
}

const PROTOCOL = /^(Local> |Peer> |While syncing file |response from peer\(|error from peer$)/;
const DETAIL =
  /^(SQL: |SQL Query |Match \(|>>> |Config-File: |Prefix '|My hostname |Database-File: |Opening |Reading s| check: |Dirty item |File (.* )?is different on |File has been checked |Csync2 \/ |Receiving |Running rs_|Signature size |Found diff |Got \d+ bytes|Sending delta_file |Delta has been )/;

/** Bytes above 127 are printed as negative numbers: `\37777777703` is C3. */
function unescapeOctal(text: string): string {
  return text.replaceAll(
    /\\3777777(7[0-7]{3})|\\([0-7]{3})/g,
    (_, high: string | undefined, low: string | undefined) =>
      String.fromCharCode(Number.parseInt(high ?? low ?? '', 8) & 0xff),
  );
}
