/** One YAML file to a tree with places. */
import { isUtf8 } from 'node:buffer';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Alias, type Document } from 'yaml';
import type { Fault } from './fault.ts';
import { faultAt, type Entry, type Place, type Tree } from './tree.ts';

export interface ParsedDocument {
  /** what could be read; null when the file is not YAML */
  readonly tree: Tree | null;
  readonly faults: readonly Fault[];
}

/** Parses a file's bytes. An empty file is an empty map. */
export function parseYaml(file: string, bytes: Buffer): ParsedDocument {
  if (!isUtf8(bytes)) {
    const message = 'is not UTF-8 text';
    return {
      tree: null,
      faults: [{ file, line: null, column: null, message, hint: 'convert it with iconv' }],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(bytes.toString('utf8'), { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const faults = problems.map(({ message, pos }) => {
      return faultAt(placeAt(pos[0]), `not valid YAML: ${inWords(message)}`, hintFor(message, bytes));
    });
    return { tree: null, faults };
  }
  return new TreeBuilder(document, placeAt).build();
}

/** Where the parser's own words speak to programmers. */
function inWords(message: string): string {
  if (message.includes('multiple documents')) return 'a second document begins here';
  return message === 'Map keys must be unique' ? 'this key is set twice' : message;
}

function hintFor(message: string, bytes: Buffer): string | null {
  if (/tab/i.test(message)) return 'indent with blanks';
  if (/:\s+\[::/.test(bytes.toString('utf8'))) return 'put an IPv6 address in quotes: "[::]:30865"';
  if (message.startsWith('Unresolved tag')) return NEEDS_QUOTES;
  if (/multiple documents/.test(message)) return 'a file holds one document; put more files into conf.d';
  return null;
}

const NEEDS_QUOTES = 'a pattern that starts with "*" or "!" needs quotes: "*.tmp"';

class TreeBuilder {
  readonly #document: Document;
  readonly #placeAt: (offset: number) => Place;
  readonly #faults: Fault[] = [];
  /** anchors being resolved, so that one that contains its own alias ends */
  readonly #open = new Set<unknown>();

  constructor(document: Document, placeAt: (offset: number) => Place) {
    this.#document = document;
    this.#placeAt = placeAt;
  }

  build(): ParsedDocument {
    const start = this.#placeAt(0);
    const { contents } = this.#document;
    if (contents === null || (isScalar(contents) && contents.value === null)) {
      return { tree: { kind: 'map', at: start, entries: new Map() }, faults: [] };
    }
    const tree = this.#convert(contents, start);
    if (tree.kind !== 'map') this.#faults.push(faultAt(tree.at, 'must be a map of keys and values'));
    return { tree: this.#faults.length === 0 ? tree : null, faults: this.#faults };
  }

  #convert(node: unknown, around: Place): Tree {
    if (isAlias(node)) return this.#resolve(node, around);
    const at = this.#start(node, around);
    if (isMap(node)) return { kind: 'map', at, entries: this.#entries(node.items, at) };
    if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => this.#convert(item, at)) };
    return { kind: 'scalar', at, value: isScalar(node) ? node.value : null };
  }

  #entries(items: readonly { key: unknown; value: unknown }[], around: Place): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key, value } of items) {
      const at = this.#start(key, around);
      if (!isScalar(key)) this.#faults.push(faultAt(at, 'a key must be plain text'));
      // A mapping may be named 1e3: as it stands there, and not as the number that YAML sees.
      else
        entries.set(typeof key.value === 'string' ? key.value : (key.source ?? ''), {
          at,
          value: this.#convert(value, at),
        });
    }
    return entries;
  }

  #resolve(alias: Alias, around: Place): Tree {
    const at = this.#start(alias, around);
    const target = alias.resolve(this.#document);
    if (target === undefined) {
      this.#faults.push(faultAt(at, `there is no anchor for this alias, *${alias.source}`, NEEDS_QUOTES));
      return { kind: 'scalar', at, value: null };
    }
    if (this.#open.has(target)) {
      this.#faults.push(faultAt(at, 'this alias stands inside what it stands for'));
      return { kind: 'scalar', at, value: null };
    }
    this.#open.add(target);
    const tree = this.#convert(target, at);
    this.#open.delete(target);
    return { ...tree, at };
  }

  #start(node: unknown, around: Place): Place {
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
    const [start] = Array.isArray(range) ? range : [];
    return typeof start === 'number' ? this.#placeAt(start) : around;
  }
}
