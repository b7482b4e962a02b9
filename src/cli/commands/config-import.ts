/** `config import FILE…`: configs of csync2 and lsyncd as one csyncd.yaml. */
import { renderFault } from '../../config/fault.ts';
import { importFiles } from '../../config/import/import-files.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export function importConfig(context: Context, files: readonly string[]): ExitCode {
  const { yaml, config, warnings, faults } = importFiles(files);
  const code = yaml === null ? EXIT.failed : EXIT.ok;
  if (context.json) {
    printJson(context, { ok: yaml !== null, config, warnings, faults });
    return code;
  }
  for (const fault of faults) context.err(`${renderFault(fault)}\n`);
  for (const warning of warnings) context.err(`warning: ${renderFault(warning)}\n`);
  if (yaml !== null) context.out(yaml);
  return code;
}
