/** templates/csyncd.schema.json, to hold others against it. */
import * as fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

/** As much of JSON Schema as it uses. */
export interface Schema {
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

const FILE = new URL('../../templates/csyncd.schema.json', import.meta.url);
export const CONFIG_SCHEMA = JSON.parse(fs.readFileSync(FILE, 'utf8')) as Schema;

/** The settings that none of these values has, or only at their default: as `groups.mappings.delay`. */
export function unset(schema: Schema, values: readonly unknown[], path = ''): string[] {
  const { properties, items, additionalProperties } = schema.anyOf?.find((form) => form.properties) ?? schema;
  const maps = values.filter((value) => typeof value === 'object' && value !== null);
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([key, property]) =>
      unset(
        property,
        maps.map((map) => (map as Record<string, unknown>)[key]),
        path === '' ? key : `${path}.${key}`,
      ),
    );
  }
  const inner = items ?? additionalProperties;
  if (typeof inner === 'object') return unset(inner, maps.flatMap<unknown>(Object.values), path);
  return values.some((value) => value !== undefined && !isDeepStrictEqual(value, schema.default))
    ? []
    : [path];
}
