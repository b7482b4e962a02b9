/** The man pages: csyncd(8) from the command line, csyncd.yaml(5) from the schema and the example. */
import type { Command, Option } from 'commander';

const EXIT_CODES = [
  ['0', 'done; healthy, equal'],
  ['1', 'failed; degraded, not equal'],
  ['2', 'no daemon answers; not in time; could not be compared'],
  ['64', 'wrong usage'],
  ['78', 'the config, or a key, is missing or wrong'],
] as const;

const FILES = [
  ['/etc/csyncd/csyncd.yaml', 'the config; see csyncd.yaml(5)'],
  ['/etc/csyncd/conf.d/*.yaml', 'its fragments'],
  ['/etc/csyncd/keys/', 'the keys of the groups'],
  ['/var/lib/csyncd/', 'state: what this node knows, and its identity'],
  ['/run/csyncd/control.sock', 'over which the commands talk to the daemon'],
] as const;

export function commandsPage(program: Command, version: string): string {
  const commands = leavesOf(program, []);
  return page('csyncd', 8, version, [
    ['NAME', `csyncd \\- ${plain(lowerFirst(program.description()).replace(/\.$/, ''))}`],
    ['SYNOPSIS', '.B csyncd\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]'],
    [
      'DESCRIPTION',
      'csyncd watches directories and replicates what changes in them between the nodes of a group. The daemon is\n.BR "csyncd run" ,\nwhich systemd starts as csyncd.service. All other commands look at the config, or talk to the daemon of this node.',
    ],
    ['OPTIONS', optionList([...program.createHelp().visibleOptions(program)])],
    ['COMMANDS', commands.map(commandText).join('\n')],
    ['EXIT STATUS', definitions(EXIT_CODES)],
    ['FILES', definitions(FILES)],
    ['SEE ALSO', '.BR csyncd.yaml (5),\n.BR csync2 (1),\n.BR systemctl (1)\n.PP\n/usr/share/doc/csyncd'],
  ]);
}

export function configPage(schema: unknown, example: string, version: string): string {
  return page('csyncd.yaml', 5, version, [
    ['NAME', 'csyncd.yaml \\- the config of csyncd'],
    ['SYNOPSIS', '/etc/csyncd/csyncd.yaml\n.br\n/etc/csyncd/conf.d/*.yaml'],
    [
      'DESCRIPTION',
      'One YAML file serves all nodes. Fragments are merged into it in the order of their names; one may add groups, hosts,\nmappings and actions, and change nothing that is set.\n.B csyncd config check\nsays what is wrong with it,\n.B csyncd config show\nwhat it comes to with all defaults, and\n.B systemctl reload csyncd\nputs it in force. Where\n.B csyncd config unit\nhas changed, the unit has to be restarted instead.\n.PP\nDurations are written 250ms, 10s, 5m, 1h, 30d; sizes 64KiB, 10MiB, 1GiB. NAME stands for a name of yours.',
    ],
    ['KEYS', keysOf(schema, '').map(keyText).join('\n')],
    ['EXAMPLE', `.nf\n${example.split('\n').map(plain).map(noRequest).join('\n')}\n.fi`],
    ['SEE ALSO', '.BR csyncd (8)'],
  ]);
}

type Section = readonly [title: string, text: string];

function page(name: string, section: number, version: string, sections: readonly Section[]): string {
  const head = `.TH ${name.toUpperCase()} ${section} "" "csyncd ${version}" "csyncd"`;
  return `${[head, ...sections.map(([title, text]) => `.SH ${title}\n${text}`)].join('\n')}\n`;
}

function definitions(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([term, text]) => `.TP\n.B ${plain(term)}\n${noRequest(plain(text))}`).join('\n');
}

function leavesOf(command: Command, path: readonly string[]): (readonly [string, Command])[] {
  const commands = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
  return commands.flatMap((one) => {
    const names = [...path, one.name()];
    return one.commands.length > 0 ? leavesOf(one, names) : [[names.join(' '), one] as const];
  });
}

function commandText([name, command]: readonly [string, Command]): string {
  const help = command.createHelp();
  const words = command.registeredArguments.map((argument) => {
    const word = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? ` \\fI${word}\\fR` : ` [\\fI${word}\\fR]`;
  });
  const explained = help
    .visibleArguments(command)
    .map((argument) => [argument.name(), argument.description] as const);
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  const below = [
    ...(explained.length > 0 ? [definitions(explained)] : []),
    ...(options.length > 0 ? [optionList(options)] : []),
  ];
  return [
    `.TP\n\\fB${plain(name)}\\fR${words.join('')}\n${noRequest(plain(help.subcommandDescription(command)))}`,
    ...below.map((text) => `.RS\n${text}\n.RE`),
  ].join('\n');
}

function optionList(options: readonly Option[]): string {
  return definitions(options.map(({ flags, description }) => [flags, description]));
}

interface Key {
  readonly name: string;
  readonly description: string;
  readonly fallback: unknown;
  readonly values: readonly unknown[];
}

/** All keys with their path, in the schema's order. */
function keysOf(schema: unknown, path: string): Key[] {
  const { properties, additionalProperties, items, anyOf } = schema as Readonly<Record<string, unknown>>;
  const own = Object.entries((properties ?? {}) as Record<string, Record<string, unknown>>).flatMap(
    ([name, value]) => {
      const key: Key = {
        name: `${path}${name}`,
        description: typeof value['description'] === 'string' ? value['description'] : '',
        fallback: value['default'],
        values: Array.isArray(value['enum']) ? value['enum'] : [],
      };
      return [key, ...keysOf(value, `${path}${name}.`)];
    },
  );
  const named = typeof additionalProperties === 'object' ? keysOf(additionalProperties, `${path}NAME.`) : [];
  const listed = typeof items === 'object' ? keysOf(items, path.replace(/\.$/, '[].')) : [];
  const either = Array.isArray(anyOf) ? anyOf.flatMap((one) => keysOf(one, path)) : [];
  return [...own, ...named, ...listed, ...either];
}

function keyText({ name, description, fallback, values }: Key): string {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof fallback);
  const sentences = [
    description,
    values.length > 0 ? `One of ${values.join(', ')}` : '',
    isScalar ? `Default: ${fallback as string | number | boolean}` : '',
  ].filter((text) => text !== '');
  const text = sentences.map((sentence) => `${upperFirst(sentence)}.`).join(' ');
  return `.TP\n.B ${plain(name)}\n${text === '' ? '\\&' : noRequest(plain(text))}`;
}

function plain(text: string): string {
  return text.replaceAll('\\', String.raw`\e`).replaceAll('-', String.raw`\-`);
}

/** A line that begins with a dot or an apostrophe would be a request. */
function noRequest(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
