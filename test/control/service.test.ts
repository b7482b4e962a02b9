import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ServiceNotifier } from '../../src/control/service.ts';

it('systemd hears of readiness, status, the loop, reloads and the end', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const told: string[] = [];
  let line = 'ok: 1 of 1';
  const service = new ServiceNotifier({
    notify: (state) => void told.push(state),
    watchdogMs: 4_000,
    statusLine: () => line,
  });
  service.ready();
  assert.deepEqual(told.splice(0), ['READY=1\nSTATUS=ok: 1 of 1']);
  t.mock.timers.tick(2_000);
  assert.deepEqual(told.splice(0), ['WATCHDOG=1']);
  line = 'degraded: 0 of 1';
  t.mock.timers.tick(3_000);
  assert.deepEqual(told.splice(0).sort(), ['STATUS=degraded: 0 of 1', 'WATCHDOG=1']);
  service.reloading();
  assert.match(told.splice(0)[0] ?? '', /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
  service.stopping();
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, ['STOPPING=1\nSTATUS=finishing what is under way']);
});
