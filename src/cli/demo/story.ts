/** What happens in the demonstration: ordinary work on ordinary files, each time on another node. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NAMES } from './cluster.ts';

export interface Scene {
  readonly node: (typeof NAMES)[number];
  readonly text: string;
  readonly act: (root: string) => void;
  /** whether a node's directory shows it */
  readonly holds: (root: string) => boolean;
}

const FOLDERS = 8;
const FILES = 10;

const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');

export const story: readonly Scene[] = [
  {
    node: 'web1',
    text: 'writes hello.txt',
    act: (root) => writeFileSync(join(root, 'hello.txt'), 'Hello from web1.\n'),
    holds: (root) => text(root, 'hello.txt') === 'Hello from web1.\n',
  },
  {
    node: 'web2',
    text: 'adds a line to it',
    act: (root) => appendFileSync(join(root, 'hello.txt'), 'And from web2.\n'),
    holds: (root) => text(root, 'hello.txt').endsWith('And from web2.\n'),
  },
  {
    node: 'web3',
    text: 'renames it to greeting.txt',
    act: (root) => renameSync(join(root, 'hello.txt'), join(root, 'greeting.txt')),
    holds: (root) => existsSync(join(root, 'greeting.txt')) && !existsSync(join(root, 'hello.txt')),
  },
  {
    node: 'web1',
    text: `makes ${FOLDERS} folders of ${FILES} files`,
    act(root) {
      for (let folder = 0; folder < FOLDERS; folder += 1) {
        mkdirSync(join(root, 'site', `part-${folder}`), { recursive: true });
        for (let file = 0; file < FILES; file += 1) {
          writeFileSync(
            join(root, 'site', `part-${folder}`, `page-${file}.html`),
            `<p>${folder} ${file}</p>\n`,
          );
        }
      }
    },
    holds: (root) => holdsSite(join(root, 'site')),
  },
  {
    node: 'web2',
    text: 'renames their folder',
    act: (root) => renameSync(join(root, 'site'), join(root, 'www')),
    holds: (root) => holdsSite(join(root, 'www')) && !existsSync(join(root, 'site')),
  },
  {
    node: 'web3',
    text: 'makes greeting.txt read-only',
    act: (root) => chmodSync(join(root, 'greeting.txt'), 0o444),
    holds: (root) => (statSync(join(root, 'greeting.txt')).mode & 0o777) === 0o444,
  },
  {
    node: 'web1',
    text: 'links current to www',
    act: (root) => symlinkSync('www', join(root, 'current')),
    holds: (root) => readlinkSync(join(root, 'current')) === 'www',
  },
  {
    node: 'web2',
    text: 'deletes a folder',
    act: (root) => rmSync(join(root, 'www', 'part-0'), { recursive: true }),
    holds: (root) => existsSync(join(root, 'www')) && !existsSync(join(root, 'www', 'part-0')),
  },
];

function holdsSite(site: string): boolean {
  const folders = readdirSync(site);
  return (
    folders.length === FOLDERS &&
    folders.every((folder) => {
      const pages = readdirSync(join(site, folder));
      return pages.length === FILES && pages.every((page) => statSync(join(site, folder, page)).size > 0);
    })
  );
}
