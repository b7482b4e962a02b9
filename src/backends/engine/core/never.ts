/** For the end of an exhaustive `switch`: does not type-check while a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
