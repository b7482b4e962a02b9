import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inotifyLimits, inotifyUsage, raiseInotifyLimits, WANTED_LIMITS } from '../../src/sys/limits.ts';
import { bootId, mountInfo } from '../../src/sys/machine.ts';

function withFolder(use: (folder: string) => void): void {
  const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-limits-'));
  try {
    use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

describe('inotify limits', () => {
  test('are the kernel’s', () => {
    const { maxUserWatches, maxUserInstances, maxQueuedEvents } = inotifyLimits();
    assert.ok((maxUserWatches ?? 0) > 0 && (maxUserInstances ?? 0) > 0 && (maxQueuedEvents ?? 0) > 0);
  });

  test('are null where they are hidden', () => {
    const none = { maxUserWatches: null, maxUserInstances: null, maxQueuedEvents: null };
    assert.deepEqual(inotifyLimits('/nonexistent'), none);
    assert.deepEqual(raiseInotifyLimits(WANTED_LIMITS, '/nonexistent'), none);
  });

  test('are only ever raised', () => {
    withFolder((folder) => {
      const write = (name: string, text: string): void => fs.writeFileSync(join(folder, name), text);
      write('max_user_watches', '8192\n');
      write('max_user_instances', '999999\n');
      write('max_queued_events', '16384\n');
      const { maxUserWatches, maxQueuedEvents } = WANTED_LIMITS;
      const raised = { maxUserWatches, maxUserInstances: 999_999, maxQueuedEvents };
      assert.deepEqual(raiseInotifyLimits(WANTED_LIMITS, folder), raised);
      assert.deepEqual(inotifyLimits(folder), raised);
      assert.deepEqual(raiseInotifyLimits({ maxUserWatches: 5 }, folder), raised);
    });
  });

  test('usage counts a watch of this process', () => {
    withFolder((folder) => {
      const uid = process.getuid?.() ?? 0;
      const watchers = Array.from({ length: 50 }, (_, i) => {
        const dir = join(folder, String(i));
        fs.mkdirSync(dir);
        return fs.watch(dir);
      });
      const usage = inotifyUsage(uid);
      assert.ok(usage.instances >= 1 && usage.watches >= 50);
      for (const watcher of watchers) watcher.close();
      assert.deepEqual(inotifyUsage(3_999_999_999), { watches: 0, instances: 0 });
    });
  });
});

test('this boot and the mounts can be told', () => {
  assert.match(bootId() ?? '', /^[0-9a-f-]{36}$/);
  assert.match(mountInfo() ?? '', / \/ /);
});
