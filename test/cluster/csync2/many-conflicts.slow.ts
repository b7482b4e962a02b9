import { test } from 'node:test';
import { personDecidesMany, policyDecidesMany } from '../../kit/csync2/conflicts.ts';

test('1,500 conflicts at once, which a policy decides', (t) => policyDecidesMany(t, 1_500));

test('1,500 conflicts at once, which a person decides', (t) => personDecidesMany(t, 1_500));
