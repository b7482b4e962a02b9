/**
 * A page of the documentation whose commands can be run. `##` begins a section, `###` a step of it. A fence marked `console`
 * holds commands and what they print:
 *
 *     web1# csync2 -M || echo nothing owed
 *     nothing owed
 *
 * `all#` stands for every host, one after the other. A fence marked with a language and a path (`conf /etc/csync2.cfg`, and
 * perhaps `on web1`) is that file. Any other fence is for readers.
 */
import * as fs from 'node:fs';

export interface Command {
  readonly kind: 'command';
  /** names of hosts; `all` for every one */
  readonly at: readonly string[];
  readonly line: string;
  /** what it prints: `…` in a line stands for any text, a line of its own for any lines */
  readonly prints: readonly string[];
}

export interface FileBlock {
  readonly kind: 'file';
  readonly at: readonly string[];
  readonly path: string;
  readonly content: string;
}

export type Block = Command | FileBlock;

export interface Step {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Section {
  readonly title: string;
  readonly steps: readonly Step[];
}

/** The sections of a page, with the steps that have something to run or to put in place. */
export function readPage(file: string): Section[] {
  const sections: { title: string; steps: { title: string; blocks: Block[] }[] }[] = [];
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const heading = /^(?<level>##+) (?<title>.*)$/.exec(line)?.groups;
    if (heading?.['level'] === '##') sections.push({ title: heading['title'] ?? '', steps: [] });
    if (heading?.['level'] === '###')
      sections.at(-1)?.steps.push({ title: heading['title'] ?? '', blocks: [] });
    const mark = /^```(?<mark>.+)$/.exec(line)?.groups?.['mark'];
    if (mark === undefined) continue;
    const end = lines.indexOf('```', at);
    const blocks = blocksOf(mark, lines.slice(at + 1, end));
    const step = sections.at(-1)?.steps.at(-1);
    if (blocks.length > 0 && step === undefined) throw new Error(`${file}:${at + 1}: is in no step`);
    step?.blocks.push(...blocks);
    at = end;
  }
  return sections;
}

function blocksOf(mark: string, lines: readonly string[]): Block[] {
  if (mark === 'console') return commands(lines);
  const file = /^\S+ (?<path>\/\S+)(?: on (?<at>.+))?$/.exec(mark)?.groups;
  if (file === undefined) return [];
  const { path = '', at = 'all' } = file;
  return [{ kind: 'file', at: at.split(', '), path, content: `${lines.join('\n')}\n` }];
}

function commands(lines: readonly string[]): Command[] {
  const found: { kind: 'command'; at: string[]; line: string; prints: string[] }[] = [];
  for (const text of lines) {
    const prompt = /^(?<at>[a-z0-9]+(?:, [a-z0-9]+)*)# (?<line>.*)$/.exec(text)?.groups;
    if (prompt === undefined) found.at(-1)?.prints.push(text);
    else
      found.push({
        kind: 'command',
        at: (prompt['at'] ?? '').split(', '),
        line: prompt['line'] ?? '',
        prints: [],
      });
  }
  return found;
}

/** Whether a command printed what the page says; the number of spaces between columns does not matter. */
export function isAsWritten(printed: string, prints: readonly string[]): boolean {
  const pattern = prints.map((line) =>
    line.trim() === '…' ? '(?:.*\n)*?' : `${squeezed(line).split('…').map(escaped).join('.*')}\n`,
  );
  const lines = printed.split('\n').map((line) => `${squeezed(line)}\n`);
  if (lines.at(-1) === '\n') lines.pop();
  return new RegExp(`^${pattern.join('')}$`).test(lines.join(''));
}

function squeezed(line: string): string {
  return line.trim().replaceAll(/ +/g, ' ');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
