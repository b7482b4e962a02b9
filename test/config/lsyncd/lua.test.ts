/** What is read of an lsyncd config without running it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LuaTable, LuaValue } from '../../../src/config/lsyncd/lua-values.ts';
import { readLua } from '../../../src/config/lsyncd/lua.ts';

function plain(value: LuaValue): unknown {
  if (value.kind === 'table') return plainTable(value.table);
  if (value.kind === 'string') return value.text;
  if (value.kind === 'number') return Number(value.text);
  if (value.kind === 'boolean') return value.value;
  if (value.kind === 'given') return `<${value.name}>`;
  return value.kind === 'function' ? `<function ${value.source.length}>` : `<${value.kind}>`;
}

function plainTable({ items, fields }: LuaTable): unknown {
  const named = Object.fromEntries([...fields].map(([name, value]) => [name, plain(value)]));
  return items.length === 0 ? named : [...items.map(plain), ...(fields.size === 0 ? [] : [named])];
}

/** The tables of all `sync` in a text. */
function syncs(text: string): unknown[] {
  return readLua(text)
    .calls.filter(({ name }) => name === 'sync')
    .map(({ table }) => plainTable(table));
}

const skipped = (text: string): string[] => readLua(text).skipped.map(({ line, what }) => `${line}: ${what}`);

describe('a Lua file', () => {
  it('has strings, numbers, booleans and tables', () => {
    assert.deepEqual(
      syncs(`sync{ a = "x\\ty\\65\\x41", b = 'q"', c = [[l
ong]], d = [==[ ]] ]==], e = -1.5, f = 0x10, g = true, h = nil; ["i j"] = { 1, 2, }, [3] = 4 }`),
      [
        {
          a: 'x\tyAA',
          b: 'q"',
          c: 'l\nong',
          d: ' ]] ',
          e: -1.5,
          f: 16,
          g: true,
          h: '<nil>',
          'i j': [1, 2],
          3: 4,
        },
      ],
    );
  });

  it('has comments of both kinds', () => {
    assert.deepEqual(
      syncs(`#!/usr/bin/lsyncd\n-- sync{1}\n--[[ sync{2}\n]] sync{3} --[==[ ]] sync{4} ]==]`),
      [[3]],
    );
  });

  it('has variables, tables of them, concatenation, and defaults behind or', () => {
    assert.deepEqual(
      syncs(`
local base, host = "/srv/", 'h' .. 1
conf = { x = { y = "z" } }
conf.w = 7
sync { default.rsync, a = base .. "www" .. '/', b = host, c = conf.x.y, d = conf["x"]["y"], e = conf.w,
  f = os.getenv("HOME") or "/root", g = unknown .. "x", h = 1 + 2, i = string.sub(base, 1) }`),
      [
        [
          '<default.rsync>',
          {
            a: '/srv/www/',
            b: 'h1',
            c: 'z',
            d: 'z',
            e: 7,
            f: '/root',
            g: '<unknown>',
            h: '<unknown>',
            i: '<unknown>',
          },
        ],
      ],
    );
  });

  it('has loops over tables', () => {
    assert.deepEqual(
      syncs(`
for i, h in ipairs({ "a", "b" }) do
  if h == "a" then x = 1 end
  for k, v in pairs { p = "q" } do end
  sync { h, i }
end
for k, v in pairs({ x = "y", "z" }) do sync { k, v } end`),
      [
        ['a', 1],
        ['b', 2],
      ].concat([
        [1, 'z'],
        ['x', 'y'],
      ] as never),
    );
  });

  it('keeps functions as text, whatever is in them', () => {
    const text = `sync { f = function(a) if a then for i = 1, 2 do repeat b() until c end end return "end" end, g = 1 }`;
    const [sync] = syncs(text) as [{ g: number; f: string }];
    assert.equal(sync.g, 1);
    assert.match(sync.f, /^<function/);
  });

  it('passes over what only Lua knows, and says so', () => {
    const text = `
function f() sync { 1 } end
local function g() end
if x then
  sync { 2 }
end
while true do sync { 3 } end
require("other")
for i = 1, 3 do sync { 4 } end
sync(config)
sync { 5 }`;
    assert.deepEqual(syncs(text), [[5]]);
    assert.deepEqual(skipped(text), [
      '4: if … end',
      '7: while … end',
      '8: the call of require',
      '9: a loop over something that only Lua knows',
      '10: sync with something else than a table',
    ]);
  });

  it('of any bytes is read to its end', () => {
    for (const text of [
      'sync {',
      'sync { a = ',
      'for',
      'x = {{{',
      '"open',
      '[[',
      'sync { function( }',
      '= = =',
      '`',
    ]) {
      assert.doesNotThrow(() => readLua(text), text);
    }
  });
});
