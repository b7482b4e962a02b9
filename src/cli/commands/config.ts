/** `config check [FILE]`, `config show`, `config unit`, `config csync2 [GROUP]`: without the daemon. */
import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderFault, type Fault } from '../../config/fault.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config, Group } from '../../config/model.ts';
import { showConfig } from '../../config/show.ts';
import { systemdDropIn } from '../../config/unit.ts';
import { CsyncdError } from '../../util/errors.ts';
import { programPath } from '../../util/program-path.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export function checkConfigFile(
  context: Context,
  file: string | undefined,
  options: { strict?: boolean },
): ExitCode {
  const fragments = file === undefined ? {} : fragmentsOf(file, context.config);
  const loaded = loadConfig(file ?? context.config, {
    strict: options.strict === true,
    elsewhere: true,
    ...fragments,
  });
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

/** All mappings are in it, whether or not they take part just now. */
export async function showCsync2Config(context: Context, name: string | undefined): Promise<ExitCode> {
  return withConfig(context, async (config) => {
    const group = csync2Group(config, name);
    const bytes = await csync2ConfigOf(group, config.node);
    // A pattern may need bytes that are not UTF-8.
    if (!context.json) return context.out(isUtf8(bytes) ? bytes.toString() : bytes);
    const exact = isUtf8(bytes) ? {} : { config_base64: bytes.toString('base64') };
    printJson(context, { group: group.name, config: bytes.toString(), ...exact });
  });
}

async function csync2ConfigOf(group: Group, node: string): Promise<Buffer> {
  const file = group.csync2?.configFile ?? null;
  if (file !== null) return readFileSync(file);
  const { generateCsync2Config } = await import('../../config/csync2/generate.ts');
  return Buffer.from(generateCsync2Config(group, { node, csyncd: programPath() }), 'latin1');
}

function csync2Group(config: Config, name: string | undefined): Group {
  const groups = config.groups.filter((group) => group.backend === 'csync2');
  const [only, ...more] = groups.filter((group) => name === undefined || group.name === name);
  if (only !== undefined && more.length === 0) return only;
  const names = groups.map((group) => group.name).join(', ');
  const hint =
    names === '' ? 'no group of this node has backend: csync2' : `groups with backend: csync2: ${names}`;
  const message =
    name === undefined ? 'name a group' : `${name} is no group of this node with backend: csync2`;
  throw new CsyncdError('no-group', message, { hint });
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
