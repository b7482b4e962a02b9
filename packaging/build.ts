/**
 * `npm run package [-- --fast]`: builds build/csyncd_VERSION_ARCH.deb with the Node runtime inside, and
 * build/csyncd-VERSION.tgz for those who have Node. `--fast` compresses less, for tests.
 */
import { execaSync } from 'execa';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../src/cli/program.ts';
import { bashCompletion } from './completion.ts';
import { commandsPage, configPage } from './man.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = join(ROOT, 'build');
const STAGE = join(BUILD, 'deb');
const PREFIX = 'usr/lib/csyncd';
const FAST = process.argv.includes('--fast');
const RUNS = /^node$|\.(js|cjs|mjs|json|node|wasm)$|^(licen[sc]e|copying|notice)/i;
const SPARE_DIRECTORY = /^(tests?|__tests__|benchmarks?|examples?|docs|\.[a-z]+)$/;
const SPARE_FILE = /^(bin|cli)\.m?js$|^cnoke\.cjs$|\.(test|spec)\.[cm]?js$/;
/** of node-linux-*: the rest is headers, and npm */
const NODE_PARTS = new Set(['bin', 'package.json', 'LICENSE']);

interface PackageJson {
  readonly name: string;
  readonly version: string;
}

function main(): void {
  const { version } = JSON.parse(fs.readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageJson;
  fs.rmSync(BUILD, { recursive: true, force: true });
  fs.mkdirSync(BUILD);
  run('npm', ['pack', '--silent', '--pack-destination', BUILD], ROOT);
  const tarball = join(BUILD, `csyncd-${version}.tgz`);
  const library = join(STAGE, 'tree', PREFIX);
  fs.mkdirSync(library, { recursive: true });
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', library], ROOT);
  fs.copyFileSync(join(ROOT, 'package-lock.json'), join(library, 'package-lock.json'));
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], library);
  tidy(library);
  describe(version);
  run('dpkg-buildpackage', ['--build=binary', '--no-sign', '--no-pre-clean'], STAGE, {
    ZOPT: FAST ? '-Zgzip -z1' : '-Zxz',
    SOURCE_DATE_EPOCH: sourceDate(),
  });
  for (const file of fs.readdirSync(BUILD).filter((name) => /\.(deb|tgz)$/.test(name))) {
    console.log(`${join(BUILD, file)}  ${(fs.statSync(join(BUILD, file)).size / 1e6).toFixed(1)} MB`);
  }
}

/** Leaves of the dependencies what runs. */
function tidy(library: string): void {
  fs.rmSync(join(library, 'package-lock.json'));
  // debian/copyright says it.
  fs.rmSync(join(library, 'LICENSE'));
  fs.rmSync(join(library, 'node_modules/.package-lock.json'));
  fs.rmSync(join(library, 'node_modules/.bin'), { recursive: true, force: true });
  for (const name of ['README.md', 'CHANGELOG.md', 'docs']) {
    const target = join(STAGE, name === 'docs' ? 'doc' : name);
    fs.renameSync(join(library, name), target);
  }
  for (const name of fs.readdirSync(join(library, 'node_modules'))) {
    if (!name.startsWith('node-linux-')) continue;
    const runtime = join(library, 'node_modules', name);
    for (const part of fs.readdirSync(runtime)) {
      if (!NODE_PARTS.has(part)) fs.rmSync(join(runtime, part), { recursive: true });
    }
    for (const tool of fs.readdirSync(join(runtime, 'bin'))) {
      if (tool !== 'node') fs.rmSync(join(runtime, 'bin', tool), { recursive: true });
    }
    run('strip', ['--strip-unneeded', join(runtime, 'bin/node')], library);
    fs.mkdirSync(join(STAGE, 'tree/usr/share/doc/csyncd'), { recursive: true });
    fs.renameSync(join(runtime, 'LICENSE'), join(STAGE, 'tree/usr/share/doc/csyncd/LICENSE.node'));
  }
  // Needed only where add-ons are compiled.
  for (const spare of ['node-addon-api', '@parcel/watcher/scripts', 'koffi/vendor'])
    fs.rmSync(join(library, 'node_modules', spare), { recursive: true, force: true });
  keepWhatRuns(join(library, 'node_modules'));
  for (const dir of fs.globSync('**/musl_*', { cwd: join(library, 'node_modules') })) {
    fs.rmSync(join(library, 'node_modules', dir), { recursive: true });
  }
}

/** Of the dependencies: code, licenses; no sources, types, tests, pages, tools. */
function keepWhatRuns(dir: string): void {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (!SPARE_DIRECTORY.test(entry.name)) keepWhatRuns(path);
      if (SPARE_DIRECTORY.test(entry.name) || fs.readdirSync(path).length === 0)
        fs.rmSync(path, { recursive: true });
    } else if (!RUNS.test(entry.name) || SPARE_FILE.test(entry.name)) fs.rmSync(path);
    else fs.chmodSync(path, path.endsWith('/bin/node') ? 0o755 : 0o644);
  }
}

/** debian/, the unit, the man pages: what says to the system what this is. */
function describe(version: string): void {
  const templates = join(ROOT, 'templates');
  fs.cpSync(join(ROOT, 'packaging/debian'), join(STAGE, 'debian'), { recursive: true });
  fs.cpSync(join(templates, 'systemd/csyncd.service'), join(STAGE, 'debian/csyncd.service'));
  fs.cpSync(join(templates, 'systemd/csyncd.sysusers'), join(STAGE, 'debian/csyncd.sysusers'));
  put(
    'tree/usr/lib/sysctl.d/50-csyncd.conf',
    fs.readFileSync(join(templates, 'systemd/csyncd.sysctl'), 'utf8'),
  );
  put('tree/usr/share/bash-completion/completions/csyncd', bashCompletion(commandLine()));
  put('man/csyncd.8', commandsPage(commandLine(), version));
  const schema: unknown = JSON.parse(fs.readFileSync(join(templates, 'csyncd.schema.json'), 'utf8'));
  const example = fs.readFileSync(join(templates, 'csyncd.yaml'), 'utf8');
  put('man/csyncd.yaml.5', configPage(schema, example, version));
  for (const name of ['csyncd.yaml', 'csyncd.schema.json'])
    fs.cpSync(join(templates, name), join(STAGE, name));
  const date = execaSync('date', ['-R', '-u', '-d', `@${sourceDate()}`], { env: { LC_ALL: 'C' } }).stdout;
  const maintainer =
    /^Maintainer: (.*)$/m.exec(fs.readFileSync(join(STAGE, 'debian/control'), 'utf8'))?.[1] ?? '';
  put(
    'debian/changelog',
    `csyncd (${version}) stable; urgency=medium\n\n  * See /usr/share/doc/csyncd/CHANGELOG.md.\n\n -- ${maintainer}  ${date}\n`,
  );
  fs.renameSync(join(STAGE, 'CHANGELOG.md'), join(STAGE, 'doc/CHANGELOG.md'));
}

function put(path: string, content: string): void {
  fs.mkdirSync(join(STAGE, path, '..'), { recursive: true });
  fs.writeFileSync(join(STAGE, path), content);
}

/** Of the last commit, so that the same source makes the same package. */
function sourceDate(): string {
  const { stdout, failed } = execaSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, reject: false });
  return failed || stdout === '' ? String(Math.floor(Date.now() / 1000)) : stdout;
}

function run(command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}): void {
  execaSync(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

main();
