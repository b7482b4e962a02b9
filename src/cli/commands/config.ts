/** `config check [FILE]`, `config show`, `config unit`: without the daemon. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderFault, type Fault } from '../../config/fault.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/model.ts';
import { showConfig } from '../../config/show.ts';
import { systemdDropIn } from '../../config/unit.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export function checkConfigFile(
  context: Context,
  file: string | undefined,
  options: { strict?: boolean },
): ExitCode {
  const fragments = file === undefined ? {} : fragmentsOf(file, context.config);
  const loaded = loadConfig(file ?? context.config, { strict: options.strict === true, ...fragments });
  if (context.json) {
    printJson(
      context,
      loaded.ok ? { ok: true, warnings: loaded.warnings } : { ok: false, faults: loaded.faults },
    );
  } else if (loaded.ok) {
    printFaults(context, loaded.warnings, 'warning: ');
    context.out('ok\n');
  } else printFaults(context, loaded.faults);
  return loaded.ok ? EXIT.ok : EXIT.config;
}

/**
 * A file that is checked before it is put in the config's place may lie anywhere: without a `conf.d` of its own it is
 * checked with the fragments that it will be read with.
 */
function fragmentsOf(file: string, config: string): { fragments?: string } {
  const isAlone = file !== '-' && !existsSync(join(dirname(file), 'conf.d'));
  return isAlone ? { fragments: join(dirname(config), 'conf.d') } : {};
}

export async function showConfigFile(context: Context): Promise<ExitCode> {
  return withConfig(context, async (config) => {
    const shown = showConfig(config);
    if (context.json) return printJson(context, shown);
    const { stringify } = await import('yaml');
    context.out(stringify(shown));
  });
}

export async function showUnit(context: Context): Promise<ExitCode> {
  return withConfig(context, (config) => {
    const unit = systemdDropIn(config);
    if (context.json) printJson(context, { unit });
    else context.out(unit);
  });
}

async function withConfig(
  context: Context,
  run: (config: Config) => void | Promise<void>,
): Promise<ExitCode> {
  const loaded = loadConfig(context.config);
  if (!loaded.ok) {
    printFaults(context, loaded.faults);
    return EXIT.config;
  }
  await run(loaded.config);
  return EXIT.ok;
}

function printFaults(context: Context, faults: readonly Fault[], prefix = ''): void {
  for (const fault of faults) context.err(`${prefix}${renderFault(fault)}\n`);
}
