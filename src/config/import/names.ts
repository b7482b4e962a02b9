/** Names as csyncd's config has them, made from whatever another program allowed. */
import { HOST_NAME } from '../host-name.ts';

const LONGEST = 63;

/** A group, mapping or action: lower case, unique among those taken, which it joins. */
export function uniqueName(wanted: string, taken: Set<string>): string {
  const lower = wanted.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-');
  const base = lower.replaceAll(/^[^a-z0-9]+|-+$/g, '').slice(0, LONGEST) || 'root';
  let name = base;
  for (let number = 2; taken.has(name); number++) {
    const end = `-${number}`;
    name = `${base.slice(0, LONGEST - end.length)}${end}`;
  }
  taken.add(name);
  return name;
}

/** A host's name; what csyncd does not allow in one becomes `-`. */
export function hostNameFrom(wanted: string): string {
  if (new RegExp(HOST_NAME).test(wanted)) return wanted;
  const name = wanted.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return name.slice(0, 253) || 'host';
}
