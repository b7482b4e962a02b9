/** csync2.cfg's grammar: what csync2 itself takes is taken, what it refuses is refused with file, line and what. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Csync2Config, Csync2Group } from '../../../src/config/csync2/model.ts';
import { parseCsync2Config } from '../../../src/config/csync2/parser.ts';
import { messageOf } from '../../../src/util/errors.ts';
import { withCsync2, withoutCsync2 } from '../../kit/csync2-program.ts';

/** Files that may be included, by name. */
const INCLUDED: Record<string, string> = {
  one: 'include /nowhere/a;',
  two: 'exclude /nowhere/a/b;\n',
  word: '/nowhere/c',
  close: 'include /nowhere/a; }',
  bad: '\n\nfrob',
  loop: 'config loop;',
  ...Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`down${at}`, `config down${at + 1};`])),
  down11: 'include /nowhere/a;',
};

function parse(text: string): Csync2Config {
  return parseCsync2Config('csync2.cfg', text, (path) => INCLUDED[path] ?? null);
}

function group(text: string): Csync2Group {
  const [first] = parse(`group g { key k; ${text} }`).groups;
  assert.ok(first);
  return first;
}

const BODY = 'host web1 web2; key KEY; include /nowhere/x;';

/** Whole files; `GOOD` or what is said. Each is tried with csync2 itself too. */
const FILES: [string, string][] = [
  [`group g { ${BODY} }`, 'GOOD'],
  [`group { ${BODY} }`, 'GOOD'],
  [`group a { ${BODY} } group a { ${BODY} }`, 'GOOD'],
  [`group "host" { ${BODY} }#`, 'GOOD'],
  [`group g { host web1"web2" "" web3#comment\n; ${BODY} }`, 'GOOD'],
  [`group g { host; host (); host web2 (web3) (web1) web4; key KEY; }`, 'GOOD'],
  [`group g { host web1@127.0.0.1 web3 @ web4; ${BODY} }`, 'GOOD'],
  [`group g { ${BODY} include; exclude; compare; include "include" {a,b} a:b a{ }b /x\\ y; }`, 'GOOD'],
  [`group g { ${BODY} auto "younger"; }`, 'GOOD'],
  [`group g { ${BODY} auto first; backup-directory /a; backup-directory /b; backup-generations x; }`, 'GOOD'],
  [
    `group g { ${BODY} action { } action { pattern; exec; logfile a; logfile b; do-local; do-local-only; } }`,
    'GOOD',
  ],
  [`prefix p { } prefix p { on web1: /a; on * : /b; on "c": /d/; } group g { ${BODY} }`, 'GOOD'],
  [`nossl * *; nossl a b; ignore uid gid; ignore mod mod; ignore; group g { ${BODY} }`, 'GOOD'],
  [
    `database "sqlite3:///x"; database y; tempdir /t; lock-timeout x; lock-timeout "3"; group g { ${BODY} }`,
    'GOOD',
  ],
  [`group g { ${BODY} config one two; config; }`, 'GOOD'],
  [`group g { ${BODY} config one\n two\n; }`, 'GOOD'],
  [`group g { ${BODY} include config word; ; }`, 'GOOD'],
  [`group g { ${BODY} config close; group h { ${BODY} }`, 'GOOD'],
  [`group g { ${BODY} config down2; }`, 'GOOD'],
  [`group g { ${BODY} config down1; }`, 'down10:1: config down11: more than 10 includes below each other'],
  ['config loop;', 'loop:1: config loop: more than 10 includes below each other'],
  [`\ngroup g { ${BODY} config bad; }`, 'bad:3: "frob" where a statement of the group or "}" should be'],
  [`group g { ${BODY}\n config nope; }`, 'csync2.cfg:2: config nope: cannot be read'],
  [`group g { ${BODY} config "one"; }`, 'csync2.cfg:1: config "one": cannot be read'],
  [`group g { ${BODY} config#x\n one; }`, 'csync2.cfg:1: config #x: cannot be read'],
  [`group g{ ${BODY} }`, 'csync2.cfg:1: "host" where "{" should be'],
  [`group host { ${BODY} }`, 'csync2.cfg:1: "host" where a name or "{" should be'],
  [`group g h { ${BODY} }`, 'csync2.cfg:1: "h" where "{" should be'],
  [`group g {\v ${BODY} }`, 'csync2.cfg:1: "{\\u000b" where "{" should be'],
  [`group g { ; ${BODY} }`, 'csync2.cfg:1: ";" where a statement of the group or "}" should be'],
  [`group g { ${BODY} };`, 'csync2.cfg:1: ";" where a statement such as group, prefix or nossl should be'],
  [`group g { ${BODY} } }`, 'csync2.cfg:1: "}" where a statement such as group, prefix or nossl should be'],
  [`group g { host web1; }`, 'csync2.cfg:1: group g has no key, which csync2 refuses'],
  [`group g { ${BODY}\n key KEY; }`, 'csync2.cfg:2: group g has a second key'],
  [`group g { ${BODY} auto none; auto none; }`, 'csync2.cfg:1: group g has a second auto'],
  [
    `group g { ${BODY} auto newest; }`,
    'csync2.cfg:1: auto newest: csync2 knows none, first, younger, older, bigger, smaller, left, right',
  ],
  [`group g { ${BODY} auto; }`, 'csync2.cfg:1: ";" where a value should be'],
  [`group g { ${BODY} backup-directory ""; }`, 'csync2.cfg:1: ";" where a value should be'],
  [`group g { ${BODY} host a (b (c)); }`, 'csync2.cfg:1: "(" where a host or ")" should be'],
  [`group g { ${BODY} host a (b; }`, 'csync2.cfg:1: ";" where a host or ")" should be'],
  [`group g { ${BODY} host a:; }`, 'csync2.cfg:1: ":" where a host or ";" should be'],
  [`group g { ${BODY} include /x@y; }`, 'csync2.cfg:1: "@" where a word or ";" should be'],
  [`group g { ${BODY} include a(b; }`, 'csync2.cfg:1: "(" where a word or ";" should be'],
  [`group g { ${BODY} include { ; }`, 'csync2.cfg:1: "{" where a word or ";" should be'],
  [`group g { ${BODY} include /a exclude; }`, 'csync2.cfg:1: "exclude" where a word or ";" should be'],
  [`group g { ${BODY} prefix p { } }`, 'csync2.cfg:1: prefix is no statement of a group'],
  [`group g { ${BODY} action { logfile; } }`, 'csync2.cfg:1: ";" where a value should be'],
  [
    `group g { ${BODY} action { exec a; }; }`,
    'csync2.cfg:1: ";" where a statement of the group or "}" should be',
  ],
  [`group g { ${BODY} action x { } }`, 'csync2.cfg:1: "x" where "{" should be'],
  [`group g { ${BODY} include "a\nb`, 'csync2.cfg:1: a quoted string without its end'],
  [`group g { ${BODY}\n`, 'csync2.cfg:2: the file ends where a statement of the group or "}" should be'],
  [`prefix p { on web1: a; } group g { ${BODY} }`, 'csync2.cfg:1: prefix p: a is not an absolute path'],
  [`prefix p { on *:/a; } group g { ${BODY} }`, 'csync2.cfg:1: ";" where ":" should be'],
  [`prefix p { on "a":/a; } group g { ${BODY} }`, 'csync2.cfg:1: ":/a" where ":" should be'],
  [`prefix p { on a b: /a; } group g { ${BODY} }`, 'csync2.cfg:1: "b" where ":" should be'],
  [`prefix { on a: /a; } group g { ${BODY} }`, 'csync2.cfg:1: "{" where the name of the prefix should be'],
  [`nossl *; group g { ${BODY} }`, 'csync2.cfg:1: ";" where a second host pattern should be'],
  [`nossl a b c; group g { ${BODY} }`, 'csync2.cfg:1: "c" where ";" should be'],
  [`ignore mode; group g { ${BODY} }`, 'csync2.cfg:1: ignore mode: csync2 knows uid, gid and mod'],
  [
    `no-cygwin-lowercase; group g { ${BODY} }`,
    'csync2.cfg:1: no-cygwin-lowercase is refused by csync2 on this system',
  ],
  [
    `port 4; group g { ${BODY} }`,
    'csync2.cfg:1: "port" where a statement such as group, prefix or nossl should be',
  ],
];

describe('csync2.cfg', () => {
  for (const [text, verdict] of FILES) {
    it(`${JSON.stringify(text)} is ${verdict === 'GOOD' ? 'good' : 'refused'}`, () => {
      assert.equal(outcome(text), verdict);
      if (withoutCsync2 !== false) return;
      const { status, err } = withCsync2(text, 'web1', (run) => run('-o', '-r', '/nowhere'), INCLUDED);
      assert.equal(status, verdict === 'GOOD' ? 0 : 1, err);
    });
  }
});

function outcome(text: string): string {
  try {
    parse(text);
    return 'GOOD';
  } catch (error) {
    return messageOf(error);
  }
}

describe('what it says', () => {
  it('hosts in lower case, with their addresses, slaves in parentheses', () => {
    assert.deepEqual(
      group('host A@B.C (d) e; host f;').hosts.map(({ name, address, slave }) => [name, address, slave]),
      [
        ['a', 'b.c', false],
        ['d', null, true],
        ['e', null, false],
        ['f', null, false],
      ],
    );
  });

  it('patterns in order, without slashes at their end; of a compare line only the last word is one', () => {
    assert.deepEqual(
      group('include /a/ "b c";\n compare x y z; exclude /;').patterns.map(({ kind, pattern, at }) => [
        kind,
        pattern,
        at.line,
      ]),
      [
        ['include', '/a', 1],
        ['include', 'b c', 1],
        ['include', 'x', 2],
        ['include', 'y', 2],
        ['compare', 'z', 2],
        ['exclude', '', 2],
      ],
    );
  });

  it('actions', () => {
    const [action] = group('action { pattern /a b; exec "x y" z; logfile /l; do-local; }').actions;
    assert.ok(action);
    const { at: _, ...said } = action;
    assert.deepEqual(said, {
      patterns: ['/a', 'b'],
      commands: ['x y', 'z'],
      logfile: '/l',
      where: 'everywhere',
    });
  });

  it('names of groups without one', () => {
    const names = parse('group { key k; } group x { key k; } group { key k; }').groups.map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['group_1', 'x', 'group_2']);
  });

  it('places in the files that they stand in', () => {
    const [first] = parse('group g {\n key k;\n config two; }').groups;
    assert.deepEqual(first?.patterns[0]?.at, { file: 'two', line: 1 });
  });
});
