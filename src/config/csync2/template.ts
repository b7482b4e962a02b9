/**
 * The form of templates/csync2.cfg: `{{name}}` stands for a text; the lines between `{{#name}}` and `{{/name}}`, each on a
 * line of its own, stand once for every item of a list.
 */
export interface Values {
  readonly [name: string]: string | readonly Values[];
}

const PART = /^\{\{#(\w+)\}\}\n([^]*?)^\{\{\/\1\}\}\n|\{\{(\w+)\}\}/gm;

/** Fills in a template; throws when it names what it is not given. */
export function fillIn(template: string, values: Values): string {
  return template.replaceAll(PART, (_, list: string | undefined, lines: string, name: string) => {
    const value = values[list ?? name];
    if (list === undefined && typeof value === 'string') return value;
    if (list === undefined || !Array.isArray(value)) throw new Error(`no value for ${list ?? name}`);
    return value.map((item: Values) => fillIn(lines, { ...values, ...item })).join('');
  });
}
