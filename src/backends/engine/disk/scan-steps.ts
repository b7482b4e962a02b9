/** A scan's observations in chunks, with the small contents going along by transfer. */
import type { Observation, ScanReport } from '../scan/observation.ts';
import type { ScanStep } from '../scan/context.ts';
import type { Chunk } from './operations.ts';
import type { Outgoing, Steps } from './runner.ts';

const CHUNK_OBSERVATIONS = 256;
const CHUNK_BYTES = 1024 * 1024;
/** What was seen waits no longer than this for more. */
const CHUNK_MS = 10;

export function* chunked(scan: Generator<ScanStep, ScanReport>): Steps {
  let seen: Observation[] = [];
  let bytes = 0;
  let since = 0;
  const take = (): Outgoing<Chunk> => {
    const value = seen;
    seen = [];
    bytes = 0;
    return { value, transfer: value.flatMap((one) => contentOf(one)?.buffer ?? []) };
  };
  try {
    for (;;) {
      const step = scan.next();
      if (step.done === true) {
        if (seen.length > 0) yield take();
        return { value: step.value, transfer: [] };
      }
      if (step.value !== null) {
        if (seen.length === 0) since = performance.now();
        seen.push(step.value);
        bytes += contentOf(step.value)?.length ?? 0;
      }
      const isFull = seen.length >= CHUNK_OBSERVATIONS || bytes >= CHUNK_BYTES;
      if (isFull || (seen.length > 0 && performance.now() - since > CHUNK_MS)) yield take();
      else if (step.value === null) yield null;
    }
  } finally {
    scan.return({ entries: 0, directories: 0, hashedBytes: 0, hashedFiles: 0, walkMs: 0, hashMs: 0 });
  }
}

function contentOf(one: Observation): Uint8Array<ArrayBuffer> | null {
  return one.kind === 'present' ? (one.content as Uint8Array<ArrayBuffer> | null) : null;
}
