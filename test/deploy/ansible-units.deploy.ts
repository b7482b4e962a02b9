/** The Ansible collection without any node: its form, what it renders, what it refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { must } from '../kit/cluster/command.ts';
import { groups, VARIABLES } from '../kit/ansible-variables.ts';
import { collectionsPath } from '../kit/machines/controller.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROLE = join(ROOT, 'ansible/roles/csyncd');
const dir = fs.mkdtempSync(join(tmpdir(), 'csyncd-ansible-'));
const collections = collectionsPath(join(dir, 'collections'));
const COLLECTION = join(collections, 'ansible_collections/csyncd/csyncd');
after(() => fs.rmSync(dir, { recursive: true, force: true }));

function ansible(program: string, ...args: readonly string[]): { code: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: fs.existsSync(COLLECTION) ? COLLECTION : ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      HOME: dir,
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      ANSIBLE_COLLECTIONS_PATH: collections,
    },
  });
  return { code: status, output: `${error?.message ?? ''}${stdout}${stderr}` };
}

function passes(program: string, ...args: readonly string[]): string {
  const { code, output } = ansible(program, ...args);
  assert.equal(code, 0, `${program} ${args.join(' ')}:\n${output}`);
  return output;
}

const written = (name: string, content: unknown): string => {
  const file = join(dir, name);
  fs.writeFileSync(file, JSON.stringify(content));
  return file;
};

interface Option {
  readonly type: string;
  readonly choices?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

const specification = parse(fs.readFileSync(join(ROLE, 'meta/argument_specs.yml'), 'utf8')) as {
  argument_specs: { main: { options: Record<string, Option> } };
};
const OPTIONS = specification.argument_specs.main.options;
const schema = JSON.parse(fs.readFileSync(join(ROOT, 'templates/csyncd.schema.json'), 'utf8')) as Schema;

describe('the Ansible collection', () => {
  it('has a form that yamllint and ansible-lint (production) accept', () => {
    passes('yamllint', '--strict', '.');
    passes('ansible-lint', '--offline', '--profile', 'production', '-q');
  });

  it('has playbooks that parse', () => {
    for (const name of ['deploy', 'rolling_upgrade', 'status'])
      passes('ansible-playbook', '--syntax-check', '-i', 'localhost,', `playbooks/${name}.yml`);
  });

  it('documents its role and its module', () => {
    assert.match(passes('ansible-doc', '-t', 'role', 'csyncd.csyncd.csyncd'), /csyncd_groups/);
    assert.match(passes('ansible-doc', 'csyncd.csyncd.csyncd_info'), /verify/);
  });

  it('builds, and holds what it takes', () => {
    passes('ansible-galaxy', 'collection', 'build', '--output-path', dir, join(ROOT, 'ansible'));
    const files = must('tar', ['-tzf', join(dir, 'csyncd-csyncd-0.1.0.tar.gz')]).split('\n');
    for (const file of ['README.md', 'CHANGELOG.md', 'meta/runtime.yml', 'plugins/modules/csyncd_info.py'])
      assert.ok(files.includes(file), file);
    assert.ok(files.includes('roles/csyncd/templates/csyncd.yaml.j2'));
    assert.ok(!files.some((file) => file.includes('__pycache__')), files.join('\n'));
  });
});

describe('the argument specification', () => {
  it('has every setting of csyncd.yaml, with the same choices', () => {
    const group = values(schema.properties?.['groups']);
    const [, host] = group.properties?.['hosts']?.items?.anyOf ?? [];
    const options = OPTIONS['csyncd_groups']?.options ?? {};
    same(schema, prefixed(OPTIONS), ['groups']);
    same(group, options, ['hosts', 'mappings', 'actions']);
    same(host ?? {}, options['more_hosts']?.options ?? {}, []);
    same(values(group.properties?.['mappings']), options['mappings']?.options ?? {}, []);
    same(group.properties?.['actions']?.items ?? {}, options['actions']?.options ?? {}, []);
  });

  it('has the defaults of the role, and nothing else has them', () => {
    const defaults = parse(fs.readFileSync(join(ROLE, 'defaults/main.yml'), 'utf8')) as object;
    const unknown = Object.keys(defaults).filter((name) => !(name in OPTIONS));
    assert.deepEqual(unknown, []);
  });

  it('takes what is right, and says what is wrong at any depth', () => {
    const mapping = { name: 'shared', path: '/srv/shared' };
    const wrong: Record<string, [object, RegExp]> = {
      'a variable': [{ csyncd_state: 'gone' }, /csyncd_state must be one of/],
      'a key of a group': [{ csyncd_groups: [{ name: 'web', maps: [] }] }, /csyncd_groups\.maps/],
      'no name': [{ csyncd_groups: [{ mappings: [mapping] }] }, /name found in csyncd_groups/],
      'a key of a mapping': [groups({ mappings: [{ ...mapping, excludes: [] }] }), /mappings\.excludes/],
      'a choice': [groups({ mappings: [{ ...mapping, owner: 'root' }] }), /owner must be one of/],
      'a number': [groups({ backup: { generations: 'many' } }), /generations/],
      'an action': [groups({ actions: [{ name: 'a', exec: ['true'] }] }), /missing required.*pattern/],
      csync2: [groups({ csync2: { socket: '/x' } }), /csync2\.socket/],
      log: [{ csyncd_log: { levle: 'info' } }, /csyncd_log\.levle/],
    };
    const cases = [
      ...Object.values(VARIABLES).map((given) => ({ given, says: null })),
      ...Object.values(wrong).map(([given, says]) => ({ given, says })),
    ];
    const answers = validated(cases.map(({ given }) => given));
    cases.forEach(({ given, says }, index) => {
      const answer = answers[index] ?? '';
      if (says === null) assert.match(answer, /passed/, JSON.stringify(given));
      else assert.match(answer, says);
    });
  });
});

describe('the config that it renders', () => {
  const hosts = { web1: { ansible_host: '10.0.0.1' }, web2: {}, web3: { csyncd_port: 4444 } };
  const inventory = written('hosts.json', {
    all: { children: { web: { hosts }, db: { hosts: { web1: {}, db1: { csyncd_address: 'fd00::1' } } } } },
  });

  for (const [name, variables] of Object.entries(VARIABLES))
    it(`${name}: is what csyncd takes, on every node`, () => {
      for (const [node, file] of rendered(inventory, name, variables)) {
        const shown = JSON.parse(
          must(join(ROOT, 'bin/csyncd'), ['config', 'show', '--json', '--config', file]),
        ) as {
          node: string;
        };
        assert.equal(shown.node, node);
      }
    });

  it('leaves to a csync2.cfg that is managed elsewhere what stands there', () => {
    const foreign = groups({ csync2: { config_file: '/etc/csync2/csync2_web.cfg' } });
    const files = rendered(inventory, 'foreign', foreign, '--limit', 'web2');
    const config = parse(fs.readFileSync(files.get('web2') ?? '', 'utf8')) as object;
    assert.deepEqual(config, {
      node: 'web2',
      groups: { web: { backend: 'csync2', csync2: { config_file: '/etc/csync2/csync2_web.cfg' } } },
    });
  });

  it('has the members of the inventory, wherever the run is limited to, and only the groups of the node', () => {
    const files = rendered(inventory, 'limited', VARIABLES['two groups'] ?? {}, '--limit', 'web2');
    assert.deepEqual([...files.keys()], ['web2']);
    const config = parse(fs.readFileSync(files.get('web2') ?? '', 'utf8')) as {
      groups: Record<string, { hosts: object[] }>;
    };
    assert.deepEqual(Object.keys(config.groups), ['web']);
    assert.deepEqual(config.groups['web']?.hosts, [
      { name: 'web1', address: '10.0.0.1' },
      { name: 'web2' },
      { name: 'web3', port: 4444, role: 'receive' },
      { name: 'old1', address: '10.0.0.9', port: 30865 },
    ]);
  });
});

function rendered(
  inventory: string,
  name: string,
  variables: object,
  ...args: readonly string[]
): Map<string, string> {
  const out = fs.mkdtempSync(join(dir, 'rendered-'));
  const play = written('render.yml', [
    {
      hosts: 'web',
      connection: 'local',
      gather_facts: false,
      vars_files: [join(ROLE, 'vars/main.yml')],
      tasks: [
        {
          name: `Render ${name}`,
          'ansible.builtin.template': {
            src: join(ROLE, 'templates/csyncd.yaml.j2'),
            dest: `${out}/{{ inventory_hostname }}`,
            mode: '0600',
            validate: `${join(ROOT, 'bin/csyncd')} config check %s`,
          },
        },
      ],
    },
  ]);
  const defaults = parse(fs.readFileSync(join(ROLE, 'defaults/main.yml'), 'utf8')) as object;
  const given = written('variables.json', { ...defaults, ...variables });
  passes('ansible-playbook', '-i', inventory, play, '-e', `@${given}`, ...args);
  return new Map(fs.readdirSync(out).map((node) => [node, join(out, node)]));
}

function validated(cases: readonly object[]): string[] {
  const out = join(dir, 'answers.json');
  const play = written('validate.yml', [
    {
      hosts: 'localhost',
      connection: 'local',
      gather_facts: false,
      tasks: [
        {
          name: 'Validate',
          'ansible.builtin.validate_argument_spec': {
            argument_spec: `{{ (lookup('ansible.builtin.file', '${join(ROLE, 'meta/argument_specs.yml')}') | from_yaml).argument_specs.main.options }}`,
            provided_arguments: '{{ item }}',
          },
          loop: '{{ cases }}',
          register: 'answers',
          ignore_errors: true,
        },
        {
          name: 'Note',
          'ansible.builtin.copy': {
            content: '{{ answers.results | map(attribute="msg") | to_json }}',
            dest: out,
            mode: '0600',
          },
        },
      ],
    },
  ]);
  passes('ansible-playbook', '-i', 'localhost,', play, '-e', `@${written('cases.json', { cases })}`);
  return JSON.parse(fs.readFileSync(out, 'utf8')) as string[];
}

function values(of: Schema | undefined): Schema {
  const { additionalProperties } = of ?? {};
  return typeof additionalProperties === 'object' ? additionalProperties : {};
}

function prefixed(options: Readonly<Record<string, Option>>): Record<string, Option> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name.replace(/^csyncd_/, ''), option]),
  );
}

function same(schema: Schema, options: Readonly<Record<string, Option>>, elsewhere: readonly string[]): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (elsewhere.includes(name)) continue;
    const option = options[name];
    assert.ok(option !== undefined, `argument_specs.yml does not have ${name}`);
    assert.deepEqual(option.choices, property.enum, name);
    if (property.properties !== undefined) same(property, option.options ?? {}, []);
  }
}
