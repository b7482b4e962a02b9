/** The kinds of values in the config: how each is written, what it becomes, and what is said when it is wrong. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { DURATION_PATTERN, parseDuration, printDuration } from '../util/durations.ts';
import { parsePattern } from '../util/patterns.ts';
import { parseSize, SIZE_PATTERN } from '../util/sizes.ts';
import { parseEndpoint } from './endpoint.ts';
import { HOST_NAME } from './host-name.ts';

export const DEFAULT_PORT = 30865;

/** `must` reads on after the value's name (`groups.web.hosts[0] must be a host name`); `problem` stands for itself. */
type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly must: string; readonly hint?: string }
  | { readonly ok: false; readonly problem: string };
type JsonSchema = Record<string, unknown>;

function field<T>(jsonSchema: JsonSchema, read: (value: unknown) => Read<T>) {
  return z
    .unknown()
    .transform((value, context): T => {
      const result = read(value);
      if (result.ok) return result.value;
      if ('problem' in result)
        context.addIssue({ code: 'custom', message: result.problem, params: { whole: true } });
      else context.addIssue({ code: 'custom', message: result.must, params: { hint: result.hint } });
      return z.NEVER;
    })
    .meta(jsonSchema);
}

/** Text that a function reads; numbers and `true` in YAML need quotes to be text. */
function textField<T>(must: string, jsonSchema: JsonSchema, read: (text: string) => Read<T> | null) {
  return field<T>({ type: 'string', ...jsonSchema }, (value) => {
    if (typeof value !== 'string') {
      const meant = typeof value === 'number' || typeof value === 'boolean' ? read(String(value)) : null;
      if (meant?.ok === true) return { ok: false, must, hint: `put it in quotes: "${String(value)}"` };
      return meant ?? { ok: false, must };
    }
    return read(value) ?? { ok: false, must };
  });
}

const NAME = '^[a-z0-9][a-z0-9_-]{0,62}$';
const NAME_RULE =
  'must be lower-case letters, digits, "-" and "_", at most 63, starting with a letter or digit';

/** The key of a group or mapping. */
export const nameKey = z.string().regex(new RegExp(NAME), NAME_RULE);
export const shortName = textField(NAME_RULE, { pattern: NAME }, (text) => matching(NAME, text));

const HOST_RULE = 'must be a host name (letters, digits, ".", "-", "_")';

/** The key of `paths`. */
export const hostKey = z.string().regex(new RegExp(HOST_NAME), HOST_RULE);
export const hostName = textField(HOST_RULE, { pattern: HOST_NAME }, (text) => matching(HOST_NAME, text));

export const address = textField('must be a host name or an IP address', {}, (text) => {
  if (isIP(text) !== 0 || new RegExp(HOST_NAME).test(text)) return { ok: true, value: text };
  const port = /^(.+):(\d+)$/.exec(text);
  if (port === null) return null;
  const hint = `give the port beside it: { address: ${port[1]}, port: ${port[2]} }`;
  return { ok: false, must: 'must be a host name or an IP address', hint };
});

export const absolutePath = textField('must be an absolute path', { pattern: '^/' }, (text) => {
  if (!text.startsWith('/'))
    return { ok: false, must: 'must be an absolute path', hint: 'start it with "/"' };
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text))
    return { ok: false, must: 'must be a path without control characters' };
  const names = text.split('/').filter((name) => name !== '');
  if (names.includes('.') || names.includes('..'))
    return { ok: false, must: 'must be a path without "." and ".."' };
  return { ok: true, value: `/${names.join('/')}` };
});

export const endpoint = textField('must be ADDRESS:PORT', {}, (text) => {
  const parsed = parseEndpoint(text);
  const hint = 'for example 0.0.0.0:30865 or "[::]:30865"';
  return parsed === null ? { ok: false, must: 'must be ADDRESS:PORT', hint } : { ok: true, value: parsed };
});

export const port = integer(1, 65_535);

export function integer(least: number, most: number) {
  const must = `must be a whole number from ${least} to ${most}`;
  return field<number>({ type: 'integer', minimum: least, maximum: most }, (value) => {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
    return fits ? { ok: true, value } : { ok: false, must };
  });
}

/** The only number without a unit is 0. */
const DURATION_FORM = { type: ['string', 'integer'], pattern: DURATION_PATTERN, minimum: 0, maximum: 0 };

/** In ms, within bounds that are written as durations too. */
export function duration(least: string, most: string) {
  const [min, max] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  const range = `must be a duration from ${printDuration(min)} to ${printDuration(max)}`;
  return field<number>(DURATION_FORM, (value) => {
    const ms = value === 0 ? 0 : typeof value === 'string' ? parseDuration(value) : null;
    if (ms === null) {
      const must = 'must be a duration such as 250ms, 10s, 5m, 1h or 30d';
      return typeof value === 'number'
        ? { ok: false, must, hint: `give the unit: ${value}s` }
        : { ok: false, must };
    }
    return ms >= min && ms <= max ? { ok: true, value: ms } : { ok: false, must: range };
  });
}

/** In bytes. */
export const size = field<number>(
  { type: ['string', 'integer'], pattern: SIZE_PATTERN, minimum: 0 },
  (value) => {
    const text = typeof value === 'number' ? String(value) : value;
    const bytes = typeof text === 'string' ? parseSize(text) : null;
    if (bytes !== null) return { ok: true, value: bytes };
    return { ok: false, must: 'must be a size such as 65536, 64KiB, 10MiB or 1GiB' };
  },
);

const PERCENT = '^(\\d{1,2}|100)%$';

export const percent = textField('must be a percentage such as 50%', { pattern: PERCENT }, (text) => {
  if (new RegExp(PERCENT).test(text)) return { ok: true, value: Number(text.slice(0, -1)) };
  const hint = `write it with its sign: ${text}%`;
  return new RegExp(PERCENT).test(`${text}%`)
    ? { ok: false, must: 'must be a percentage such as 50%', hint }
    : null;
});

export const text = textField('must be text that is not empty', { minLength: 1 }, (value) =>
  value === '' || value.includes('\0') ? null : { ok: true, value },
);

/** `negation` is whether a `!` in front means something here. */
export function pattern(negation: boolean) {
  return textField('must be a pattern', { minLength: 1 }, (value) => {
    const parsed = parsePattern(value);
    if (!parsed.ok) return { ok: false, problem: `the pattern ${JSON.stringify(value)} ${parsed.problem}` };
    if (parsed.pattern.negated && !negation) {
      const hint = 'take paths out with exclude; a name that starts with "!" is written "\\!name"';
      return { ok: false, must: 'must be a pattern without "!" in front', hint };
    }
    return { ok: true, value };
  });
}

export function oneOf<const T extends string>(...words: readonly [T, ...T[]]) {
  return z.enum(words);
}

function matching(form: string, value: string): Read<string> | null {
  return new RegExp(form).test(value) ? { ok: true, value } : null;
}
