/** The worked examples of docs/PROTOCOL.md are what the code sends. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Actor, RelPath, Sha256 } from '../../../../src/backends/engine/core/types.ts';
import { encodeBulk } from '../../../../src/backends/engine/wire/bulk-codec.ts';
import { encodeMessage } from '../../../../src/backends/engine/wire/control-codec.ts';
import type { Message } from '../../../../src/backends/engine/wire/messages.ts';
import { proofOf } from '../../../../src/backends/engine/net/proof.ts';

const doc = readFileSync(join(import.meta.dirname, '../../../../docs/PROTOCOL.md'), 'utf8');

/** The bytes of the example with that title: what stands left of `|` in its block. */
function example(title: string): string {
  const block = doc.split(`Example: ${title}`)[1]?.split('```')[1] ?? '';
  const lines = block.split('\n').map((line) => line.split('|')[0] ?? '');
  return lines.join(' ').replaceAll(/\s+/g, ' ').trim();
}

function hex(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');
}

const actor = 'web1#5' as Actor;
const rows: Message = {
  kind: 'rows',
  group: 'web',
  mapping: 'shared',
  prev: 41,
  last: 42,
  rows: [
    {
      path: 'etc/motd' as RelPath,
      seq: 42,
      row: {
        context: new Map([[actor, 1000]]),
        siblings: [
          {
            dot: { actor, counter: 1000 },
            value: {
              kind: 'file',
              sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03' as Sha256,
              size: 6,
              mtimeNs: 1_790_000_000_500_000_000n,
              mode: 0o644,
              owner: 'root:root',
            },
          },
        ],
      },
      movedFrom: null,
      content: Buffer.from('hello\n'),
    },
  ],
};

test('a ping', () => {
  assert.equal(example('a ping'), hex(encodeMessage({ kind: 'ping', time: 1790000000000 }, { zstd: false })));
});

test('rows', () => {
  assert.equal(example('one changed file'), hex(encodeMessage(rows, { zstd: false })));
});

test('a bulk frame', () => {
  const body = Buffer.from('hello\n');
  assert.equal(
    example('a bulk frame'),
    hex(encodeBulk({ stream: 7, type: 2, header: { offset: 0 }, body }, null)),
  );
});

test('a proof', () => {
  const of = {
    keyingMaterial: Buffer.alloc(32, 0xab),
    role: 'dialer',
    prover: 'web1',
    verifier: 'web2',
    group: 'web',
  } as const;
  assert.equal(example('a proof'), proofOf(Buffer.from('k'.repeat(64)), of).replaceAll(/(..)(?=.)/g, '$1 '));
});
