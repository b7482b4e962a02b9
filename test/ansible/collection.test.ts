/** The Ansible collection without any node: its form, what it renders, what it refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { must } from '../kit/cluster/command.ts';
import { groups, VARIABLES } from '../kit/ansible-variables.ts';
import { CONFIG_SCHEMA, type Schema } from '../kit/config-schema.ts';
import { collectionsPath } from '../kit/machines/controller.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROLE = join(ROOT, 'ansible/roles/csyncd');
const dir = makeTempDir();
const collections = collectionsPath(join(dir, 'collections'));

function passes(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: join(collections, 'ansible_collections/csyncd/csyncd'),
    encoding: 'utf8',
    env: {
      ...process.env,
      HOME: dir,
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      ANSIBLE_COLLECTIONS_PATH: collections,
    },
  });
  assert.equal(status, 0, `${program} ${args.join(' ')}:\n${error?.message ?? stdout + stderr}`);
  return stdout;
}

interface Option {
  readonly type: string;
  readonly choices?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
}

const specification = parse(fs.readFileSync(join(ROLE, 'meta/argument_specs.yml'), 'utf8')) as {
  argument_specs: { main: { options: Record<string, Option> } };
};
const OPTIONS = specification.argument_specs.main.options;
const DEFAULTS = parse(fs.readFileSync(join(ROLE, 'defaults/main.yml'), 'utf8')) as object;

describe('the Ansible collection', () => {
  // ansible-lint also looks whether the playbooks parse.
  it('has a form that yamllint and ansible-lint (production) accept', () => {
    passes('yamllint', '--strict', '.');
    passes('ansible-lint', '--offline', '--profile', 'production', '-q');
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

const FOREIGN = groups({ csync2: { config_file: '/etc/csync2/csync2_web.cfg' } });
const MAPPING = { name: 'shared', path: '/srv/shared' };
/** Variables, and what is said of them. */
const WRONG: readonly (readonly [object, RegExp])[] = [
  [{ csyncd_state: 'gone' }, /csyncd_state must be one of/],
  [{ csyncd_groups: [{ name: 'web', maps: [] }] }, /csyncd_groups\.maps/],
  [{ csyncd_groups: [{ mappings: [MAPPING] }] }, /name found in csyncd_groups/],
  [groups({ mappings: [{ ...MAPPING, excludes: [] }] }), /mappings\.excludes/],
  [groups({ mappings: [{ ...MAPPING, owner: 'root' }] }), /owner must be one of/],
  [groups({ backup: { generations: 'many' } }), /generations/],
  [groups({ actions: [{ name: 'a', exec: ['true'] }] }), /missing required.*pattern/],
  [groups({ csync2: { socket: '/x' } }), /csync2\.socket/],
  [{ csyncd_log: { levle: 'info' } }, /csyncd_log\.levle/],
];
const HOSTS = { web1: { ansible_host: '10.0.0.1' }, web2: {}, web3: { csyncd_port: 4444 } };

const played = play();

describe('the argument specification', () => {
  it('has every setting of csyncd.yaml, with the same choices', () => {
    const group = values(CONFIG_SCHEMA.properties?.['groups']);
    const [, host] = group.properties?.['hosts']?.items?.anyOf ?? [];
    const options = OPTIONS['csyncd_groups']?.options ?? {};
    same(CONFIG_SCHEMA, prefixed(OPTIONS), ['groups']);
    same(group, options, ['hosts', 'mappings', 'actions']);
    same(host ?? {}, options['more_hosts']?.options ?? {}, []);
    same(values(group.properties?.['mappings']), options['mappings']?.options ?? {}, []);
    same(group.properties?.['actions']?.items ?? {}, options['actions']?.options ?? {}, []);
  });

  it('has the defaults of the role, and nothing else has them', () => {
    const unknown = Object.keys(DEFAULTS).filter((name) => !(name in OPTIONS));
    assert.deepEqual(unknown, []);
  });

  it('takes what is right, and says what is wrong at any depth', () => {
    for (const given of [...Object.values(VARIABLES), FOREIGN])
      assert.match(answer(given), /passed/, JSON.stringify(given));
    for (const [given, says] of WRONG) assert.match(answer(given), says);
  });
});

describe('the config that it renders', () => {
  for (const [name, variables] of Object.entries(VARIABLES))
    it(`${name}: is what csyncd takes, on every node`, () => {
      for (const node of Object.keys(HOSTS)) {
        const file = join(dir, `${node}.yaml`);
        fs.writeFileSync(file, rendered(node, variables));
        const loaded = loadConfig(file, { host: 'elsewhere', elsewhere: true });
        assert.ok(loaded.ok, JSON.stringify(loaded));
        assert.equal(loaded.config.node, node);
      }
    });

  it('leaves to a csync2.cfg that is managed elsewhere what stands there', () => {
    assert.deepEqual(parse(rendered('web2', FOREIGN)), {
      node: 'web2',
      groups: { web: { backend: 'csync2', csync2: { config_file: '/etc/csync2/csync2_web.cfg' } } },
    });
  });

  it('has the members of the inventory, and only the groups of the node', () => {
    const config = parse(rendered('web2', VARIABLES['two groups'] ?? {})) as {
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

interface Played {
  /** what the specification says of each of the given variables */
  readonly answers: readonly string[];
  /** by host, its config with each of the given variables */
  readonly configs: Readonly<Record<string, readonly string[]>>;
}

function givens(): object[] {
  return [...Object.values(VARIABLES), FOREIGN, ...WRONG.map(([given]) => given)];
}

function answer(given: object): string {
  return played.answers[givens().indexOf(given)] ?? '';
}

function rendered(host: string, given: object): string {
  return played.configs[host]?.[givens().indexOf(given)] ?? '';
}

/** All in one run: starting it takes longest. */
function play(): Played {
  const right = givens().slice(0, -WRONG.length);
  const to = (file: string, content: string) => ({
    name: 'Note',
    'ansible.builtin.copy': { content: `{{ ${content} | to_json }}`, dest: file, mode: '0600' },
  });
  const answers = join(dir, 'answers.json');
  const configs = join(dir, 'configs.json');
  const template = `lookup('ansible.builtin.template', '${join(ROLE, 'templates/csyncd.yaml.j2')}')`;
  const plays = [
    {
      name: 'Validate',
      hosts: 'localhost',
      gather_facts: false,
      tasks: [
        {
          name: 'Validate',
          'ansible.builtin.validate_argument_spec': {
            argument_spec: `{{ (lookup('ansible.builtin.file', '${join(ROLE, 'meta/argument_specs.yml')}') | from_yaml).argument_specs.main.options }}`,
            provided_arguments: '{{ item }}',
          },
          loop: givens(),
          register: 'answers',
          ignore_errors: true,
        },
        to(answers, 'answers.results | map(attribute="msg")'),
      ],
    },
    {
      name: 'Render',
      hosts: 'web',
      gather_facts: false,
      vars_files: [join(ROLE, 'vars/main.yml')],
      tasks: [
        ...right.map((given) => ({
          name: 'Render',
          'ansible.builtin.set_fact': { configs: `{{ configs | default([]) + [${template}] }}` },
          vars: { ...DEFAULTS, ...given },
        })),
        {
          ...to(configs, 'dict(groups.web | zip(groups.web | map("extract", hostvars, "configs")))'),
          run_once: true,
        },
      ],
    },
  ];
  const inventory = {
    all: {
      vars: { ansible_connection: 'local', ansible_python_interpreter: '/usr/bin/python3' },
      hosts: { localhost: {} },
      children: { web: { hosts: HOSTS }, db: { hosts: { web1: {}, db1: { csyncd_address: 'fd00::1' } } } },
    },
  };
  const written = (name: string, content: unknown): string => {
    const file = join(dir, name);
    fs.writeFileSync(file, JSON.stringify(content));
    return file;
  };
  passes('ansible-playbook', '-i', written('hosts.json', inventory), written('play.yml', plays));
  return {
    answers: JSON.parse(fs.readFileSync(answers, 'utf8')) as Played['answers'],
    configs: JSON.parse(fs.readFileSync(configs, 'utf8')) as Played['configs'],
  };
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
