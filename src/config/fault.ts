/** One thing wrong (or doubtful) in the config, as an operator reads it. */
export interface Fault {
  readonly file: string;
  /** 1-based; null when the fault is the file's as a whole */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly hint: string | null;
}

/** `FILE:LINE:COLUMN: message`, the hint indented on a second line. */
export function renderFault(fault: Fault): string {
  const place = [fault.file, fault.line, fault.column].filter((part) => part !== null).join(':');
  const hint = fault.hint === null ? '' : `\n    ${fault.hint}`;
  return `${place}: ${fault.message}${hint}`;
}
