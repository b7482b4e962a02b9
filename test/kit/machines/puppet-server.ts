/** A puppetserver with PuppetDB on one booted machine, and the agents that ask it. */
import type { Finished } from '../cluster/command.ts';
import { until } from '../cluster/until.ts';
import type { Machine } from './machine.ts';
import { bringModule } from './puppet.ts';

const DOMAIN = 'lab.test';
const ENVIRONMENT = '/etc/puppet/code/environments/production';
const PUPPETDB = 'http://localhost:8080';
const PUPPETDB_SSL = '/etc/puppetdb/ssl';
/** Two Java machines that start on two cores, which others may use as well. */
const START_MS = 600_000;
/** They live for minutes: what takes long to compile well does not pay. */
const JAVA = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

export const SERVER_PACKAGES = [
  'puppet-agent',
  'puppetserver',
  'puppetdb',
  'postgresql',
  'puppet-terminus-puppetdb',
  'puppet-module-puppetlabs-stdlib',
  'puppet-module-puppetlabs-concat',
  'curl',
];
/** Types, facts and other modules come from the server. */
export const AGENT_PACKAGES = ['puppet-agent', 'libatomic1'];

/** As certificates and PuppetDB have it. */
export function certnameOf({ name }: Machine): string {
  return `${name}.${DOMAIN}`;
}

/** Whom it asks. */
export function asAgent(machine: Machine, server: Machine): void {
  machine.put('/etc/puppet/puppet.conf', `[main]\nserver = ${certnameOf(server)}\n`);
}

function writeSettings(machine: Machine): void {
  const name = certnameOf(machine);
  machine.put(
    '/etc/puppet/puppet.conf',
    `[main]
server = ${name}
[server]
autosign = true
storeconfigs = true
storeconfigs_backend = puppetdb
`,
  );
  machine.put('/etc/puppet/puppetdb.conf', `[main]\nserver_urls = https://${name}:8081\n`);
  machine.put(
    `${ENVIRONMENT}/hiera.yaml`,
    `version: 5
hierarchy:
  - name: Node
    path: nodes/%{trusted.certname}.yaml
  - name: All
    path: common.yaml
`,
  );
  bringModule(machine);
  machine.put(
    '/etc/puppetdb/conf.d/database.ini',
    '[database]\nsubname = //localhost:5432/puppetdb\nusername = puppetdb\npassword = puppetdb\n',
  );
  machine.put(
    '/etc/puppetdb/conf.d/jetty.ini',
    `[jetty]
host = localhost
port = 8080
ssl-host = 0.0.0.0
ssl-port = 8081
ssl-key = ${PUPPETDB_SSL}/private.pem
ssl-cert = ${PUPPETDB_SSL}/public.pem
ssl-ca-cert = ${PUPPETDB_SSL}/ca.pem
`,
  );
}

/** Resolves when it serves catalogues and PuppetDB answers. */
export async function startServer(machine: Machine): Promise<PuppetServer> {
  const server = new PuppetServer(machine);
  const name = certnameOf(machine);
  writeSettings(machine);
  await machine.sh('puppetserver ca setup');
  const ssl = (await machine.sh('puppet config print ssldir --section server')).trim();
  await machine.sh(`install -d -o puppetdb -g puppetdb -m 0700 ${PUPPETDB_SSL} &&
    install -o puppetdb -m 0600 ${ssl}/private_keys/${name}.pem ${PUPPETDB_SSL}/private.pem &&
    install -o puppetdb -m 0600 ${ssl}/certs/${name}.pem ${PUPPETDB_SSL}/public.pem &&
    install -o puppetdb -m 0600 ${ssl}/certs/ca.pem ${PUPPETDB_SSL}/ca.pem`);
  await machine.sh(`sed -i 's/^JAVA_ARGS="/&${JAVA} /' /etc/default/puppetserver /etc/default/puppetdb`);
  await machine.sh(`su postgres -c "psql -qc \\"create role puppetdb login password 'puppetdb'\\""`);
  await machine.sh('systemctl start --no-block puppetserver');
  await server.emptyDatabase();
  await until(
    'the server answers',
    async () => {
      const url = `https://${name}:8140/status/v1/simple`;
      return (await machine.run('curl', '-sk', url)).stdout.includes('running');
    },
    { boundMs: START_MS },
  );
  return server;
}

export class PuppetServer {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** What is declared for whom. */
  site(manifest: string): void {
    this.#machine.put(`${ENVIRONMENT}/manifests/site.pp`, manifest);
  }

  /** Hiera's data for all nodes, or for one. */
  data(values: Readonly<Record<string, unknown>>, node?: Machine): void {
    const file = node === undefined ? 'common' : `nodes/${certnameOf(node)}`;
    this.#machine.put(`${ENVIRONMENT}/data/${file}.yaml`, JSON.stringify(values));
  }

  /** The titles of the resources of a type that PuppetDB would give to a collector. It takes them in with a delay. */
  async exported(type: string): Promise<string[]> {
    const query = ['and', ['=', 'exported', true], ['=', ['node', 'active'], true]];
    const answer = await this.#machine.sh(
      `curl -sfG ${PUPPETDB}/pdb/query/v4/resources/${type} --data-urlencode 'query=${JSON.stringify(query)}'`,
    );
    const resources: unknown = JSON.parse(answer);
    if (!Array.isArray(resources)) throw new Error(`PuppetDB answers: ${answer}`);
    return resources.map(({ title }: { title: string }) => title).sort();
  }

  /** Until this node runs its agent again. */
  async deactivate(node: Machine): Promise<void> {
    await this.#machine.sh(`puppet node deactivate ${certnameOf(node)}`);
  }

  async stopPuppetdb(): Promise<void> {
    await this.#machine.sh('systemctl stop puppetdb');
  }

  /** PuppetDB, started with nothing in it. */
  async emptyDatabase(): Promise<void> {
    await this.#machine.sh(`cd / && su postgres -c 'dropdb --if-exists puppetdb' &&
      su postgres -c 'createdb -E UTF8 -T template0 -O puppetdb puppetdb' &&
      su postgres -c "psql -q puppetdb -c 'create extension pg_trgm'" &&
      systemctl start --no-block puppetdb`);
    await until(
      'PuppetDB answers',
      async () =>
        (await this.#machine.run('curl', '-s', `${PUPPETDB}/status/v1/simple`)).stdout.includes('running'),
      { boundMs: START_MS },
    );
  }

  /** Everything that PuppetDB keeps, as text. */
  async storedText(): Promise<string> {
    return await this.#machine.sh("cd / && su postgres -c 'pg_dump puppetdb'");
  }
}

/** One run of the agent as its daemon would make it. Exit codes as of `--detailed-exitcodes`. */
export async function runAgent(machine: Machine): Promise<Finished> {
  return await machine.run('puppet', 'agent', '--test', '--color=false');
}
