import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Config, Csync2Options, Group, Mapping } from '../../src/config/model.ts';
import { showConfig } from '../../src/config/show.ts';
import { good, inMapping } from './kit.ts';

test('what is shown names every default as the file would', () => {
  assert.deepEqual(showConfig(good(inMapping(''))), {
    node: 'web1',
    listen: '0.0.0.0:30865',
    state_dir: '/var/lib/csyncd',
    control_socket: '/run/csyncd/control.sock',
    log: { level: 'info', format: 'auto' },
    limits: { send_rate: '0', receive_rate: '0' },
    groups: {
      web: {
        key_file: '/k',
        hosts: [
          { name: 'web1', address: 'web1', port: 30865, role: 'full' },
          { name: 'web2', address: 'web2', port: 30865, role: 'full' },
        ],
        backend: 'engine',
        auto: 'younger',
        backup: { generations: 3, keep: '30d' },
        mappings: {
          m: {
            path: '/srv/m',
            paths: {},
            exclude: [],
            include: [],
            delay: '100ms',
            max_delay: '2s',
            rescan: '1h',
            durability: 'strict',
            owner: 'name',
            max_delete: '50%',
          },
        },
        actions: [],
      },
    },
  });
});

/** Plain objects alone: a loaded config has no others, and the comparison looks at prototypes. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

const ms = (least: number, most: number): fc.Arbitrary<number> => fc.integer({ min: least, max: most });
const port = fc.integer({ min: 1024, max: 20_000 });
const patterns = fc.array(
  fc.constantFrom('*~', '/a/**', '.*.swp', '# x', 'yes', '1', '"', 'ä', ' a', '[a-z]', '\\*'),
);

function mapping(name: string, path: string): fc.Arbitrary<Mapping> {
  return fc
    .record({
      exclude: patterns,
      include: patterns,
      delayMs: ms(0, 3_600_000),
      extraMs: ms(0, 3_600_000),
      rescanMs: ms(1000, 604_800_000),
      durability: fc.constantFrom('strict', 'relaxed'),
      owner: fc.constantFrom('name', 'numeric', 'ignore'),
      maxDeletePercent: fc.integer({ min: 0, max: 100 }),
      elsewhere: fc.boolean(),
    })
    .map(({ elsewhere, extraMs, ...rest }) => {
      const paths: Record<string, string> = elsewhere ? { web2: `${path}-2`, web1: path } : {};
      return { name, path, paths, maxDelayMs: rest.delayMs + extraMs, ...rest };
    });
}

const csync2: fc.Arbitrary<Omit<Csync2Options, 'configDir' | 'databaseDir' | 'port'>> = record({
  binary: fc.constantFrom('csync2', '/usr/sbin/csync2'),
  configFile: fc.constant(null),
  roots: fc.constant({}),
  configName: fc.constantFrom(null, 'abc'),
  listener: fc.constantFrom('csyncd', 'external'),
  noSsl: fc.boolean(),
  lockTimeoutMs: ms(1000, 3_600_000),
  args: fc.array(fc.constantFrom('-v', '1', 'true', 'a b')),
});

/** It ignores owners in all mappings or in none, and cannot include by a name alone. */
function asCsync2Can(mapping: Mapping): Mapping {
  const include = mapping.include.length === 0 ? [] : ['/a b', '/ä/*.c'];
  return { ...mapping, include, owner: 'numeric' };
}

function group(at: number): fc.Arbitrary<Group> {
  const name = ['web', 'db', 'constructor'][at] ?? 'x';
  const common = {
    name: fc.constant(name),
    keyFile: fc.constantFrom('/k', '/etc/csyncd/keys/ä b.key'),
    auto: fc.constantFrom('none', 'first', 'younger', 'older', 'bigger', 'smaller', 'left', 'right'),
    backup: record({
      generations: fc.integer({ min: 1, max: 1000 }),
      keepMs: ms(1000, 3650 * 86_400_000),
    }),
    mappings: fc.tuple(mapping('m', `/srv/${name}-m`), mapping('x-1', `/srv/${name}/1`)),
    actions: fc.array(
      record({
        name: fc.constant('run'),
        pattern: fc.constant(['/a', '*.conf']),
        exec: fc.array(fc.constantFrom('true', '1', 'a\nb'), { minLength: 1 }),
        where: fc.constantFrom('receiver', 'origin', 'everywhere'),
        timeoutMs: ms(1000, 86_400_000),
      }),
      { maxLength: 1 },
    ),
  };
  const host = (name: string, address: string, port: number) =>
    ({ name, address, port, role: 'full' }) as const;
  const engine = record(common).map((rest): Group => {
    const hosts = [
      host('web1', 'fe80::1', 4000),
      { ...host('web2', 'web2', 4001), role: 'receive' as const },
    ];
    return { ...rest, hosts, role: 'full', backend: 'engine', csync2: null };
  });
  const external = fc.tuple(record(common), csync2).map(([rest, options]): Group => {
    const port = 30_900 + at;
    const hosts = [host('web1', 'web1', port), host('web2', '10.0.0.2', port)];
    const own = { configDir: `/c/${at}`, databaseDir: `/d/${at}`, port };
    const mappings = rest.mappings.map(asCsync2Can);
    return { ...rest, mappings, hosts, role: 'full', backend: 'csync2', csync2: { ...options, ...own } };
  });
  return fc.oneof(engine, external);
}

const config: fc.Arbitrary<Omit<Config, 'files'>> = record({
  node: fc.constant('web1'),
  listen: record({ host: fc.constantFrom('0.0.0.0', '::', '10.0.0.1'), port }),
  stateDir: fc.constantFrom('/var/lib/csyncd', '/state'),
  controlSocket: fc.constant('/run/c.sock'),
  metrics: fc.option(record({ host: fc.constant('localhost'), port: fc.constant(9731) })),
  log: record({
    level: fc.constantFrom('trace', 'debug', 'info', 'warn', 'error'),
    format: fc.constantFrom('auto', 'json', 'pretty'),
  }),
  limits: record({ sendRate: fc.nat(), receiveRate: fc.nat() }),
  tls: fc.option(fc.constant({ ca: '/ca', cert: '/cert', key: '/key' })),
  groups: fc.tuple(group(0), group(1), group(2)),
});

test('what is shown, written to a file, loads as the same config', () => {
  fc.assert(
    fc.property(config, (config) => {
      const { files: _, ...loaded } = good(stringify(showConfig({ ...config, files: [] })));
      assert.deepEqual(loaded, config);
    }),
  );
});
