/** The published JSON Schema; `CSYNCD_UPDATE=1 node --test test/config/schema.test.ts` writes it anew. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema } from '../../src/config/schema.ts';

const published = new URL('../../templates/csyncd.schema.json', import.meta.url);

test('templates/csyncd.schema.json is current', () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  if (process.env['CSYNCD_UPDATE'] === '1') writeFileSync(published, text);
  assert.deepEqual(JSON.parse(readFileSync(published, 'utf8')), JSON.parse(text));
});

test('every key has its form, and no other key is allowed', () => {
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('properties' in schema)
      assert.ok('additionalProperties' in schema && schema.additionalProperties === false, path);
    const isValue = 'type' in schema || 'anyOf' in schema || 'enum' in schema;
    assert.ok(isValue, `${path} has a type`);
    const below = 'properties' in schema ? schema.properties : {};
    for (const [key, value] of Object.entries(below ?? {})) visit(value, `${path}.${key}`);
    if ('additionalProperties' in schema) visit(schema.additionalProperties, `${path}.*`);
    if ('items' in schema) visit(schema.items, `${path}[]`);
    if ('anyOf' in schema && Array.isArray(schema.anyOf)) for (const each of schema.anyOf) visit(each, path);
  };
  visit(configJsonSchema(), '');
});
