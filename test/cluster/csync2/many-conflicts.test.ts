import { test } from 'node:test';
import { personDecidesMany, policyDecidesMany } from '../../kit/csync2/conflicts.ts';

test('100 conflicts at once, which a policy decides', (t) => policyDecidesMany(t, 100));

test('100 conflicts at once, which a person decides', (t) => personDecidesMany(t, 100));
