/** What the schema found, in words and with places. */
import * as z from 'zod';
import type { Fault } from './fault.ts';
import { faultAt, keyPlaceOf, nodeAt, placeOf, showPath, type Tree, type TreePath } from './tree.ts';
import { didYouMean } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** Every issue as one fault or, for several unknown keys, one each. */
export function schemaFaults(schema: z.ZodType, tree: Tree, issues: readonly Issue[]): Fault[] {
  return issues.flatMap((issue) => explain(schema, tree, issue, []));
}

/** The paths at which something is wrong. */
export function issuePaths(issues: readonly Issue[]): TreePath[] {
  return issues.flatMap((issue) => {
    const path = pathOf(issue);
    return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
  });
}

function explain(schema: z.ZodType, tree: Tree, issue: Issue, base: TreePath): Fault[] {
  const path = [...base, ...pathOf(issue)];
  const node = nodeAt(tree, path);
  const place = placeOf(tree, path);
  const wrong = (must: string, hint: string | null = null): Fault[] => {
    if (node === null) return [faultAt(place, `${showPath(path)} is missing`, hintForMissing(path))];
    return [faultAt(place, `${showPath(path)} ${must}, not ${show(node)}`, hint)];
  };
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const inside = path.length === 0 ? '' : ` in ${showPath(path)}`;
        return faultAt(
          keyPlaceOf(tree, [...path, key]),
          `unknown key "${key}"${inside}`,
          didYouMean(key, keysAt(schema, path)),
        );
      });
    case 'invalid_union':
      return fitting(issue, node).flatMap((inner) => explain(schema, tree, inner, path));
    case 'invalid_key':
      return [
        faultAt(keyPlaceOf(tree, path), `${showPath(path)}: the name ${issue.issues[0]?.message ?? ''}`),
      ];
    case 'invalid_value': {
      const words = issue.values.map(String);
      return wrong(`must be one of ${words.join(', ')}`, nearHint(node, words));
    }
    case 'invalid_type':
      return wrong(`must be ${TYPES[issue.expected] ?? issue.expected}`);
    case 'too_small':
      return [faultAt(place, `${showPath(path)} must not be empty`)];
    case 'custom': {
      if (issue.params?.['whole'] === true) return [faultAt(place, `${showPath(path)}: ${issue.message}`)];
      const hint: unknown = issue.params?.['hint'];
      return wrong(issue.message, typeof hint === 'string' ? hint : null);
    }
    default:
      return wrong(issue.message);
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  array: 'a list',
  boolean: 'true or false',
};

function pathOf(issue: Issue): TreePath {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** Of the forms that a value may have, the faults of the one that it was meant to have. */
function fitting(issue: z.core.$ZodIssueInvalidUnion, node: Tree | null): readonly Issue[] {
  const [asText = [], asMap = []] = issue.errors;
  return node?.kind === 'map' ? asMap : asText;
}

function hintForMissing(path: TreePath): string | null {
  return path.at(-1) === 'key_file' ? 'write one with `csyncd keygen FILE` and copy it to all nodes' : null;
}

function nearHint(node: Tree | null, words: readonly string[]): string | null {
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return null;
  const hint = didYouMean(node.value, words);
  return hint.startsWith('did') ? hint : null;
}

function show(node: Tree): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  return node.value === null ? 'empty' : JSON.stringify(node.value);
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: TreePath): string[] {
  const inner = unwrap(schema);
  const [step, ...rest] = path;
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysAt(option, path));
  if (inner instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(inner.shape);
    const below: unknown = inner.shape[step];
    return below instanceof z.ZodType ? keysAt(below, rest) : [];
  }
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest);
  if (inner instanceof z.ZodArray) return keysAt(inner.element, rest);
  return [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
    ? unwrap(schema.unwrap())
    : schema;
}
