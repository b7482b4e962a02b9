/** The lines of ansible/README.md as they stand there, on systems that have nothing. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { must } from '../kit/cluster/command.ts';
import { until } from '../kit/cluster/until.ts';
import { COLLECTION, controller, MANAGED } from '../kit/machines/controller.ts';
import { machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';
import { systemTree } from '../kit/machines/system-tree.ts';

const NAMES = ['web1', 'web2', 'web3'] as const;

const CONTROLLER = ['ansible-core', 'openssh-client'];

/** The oldest ansible-core that the collection is for is this host's, 2.14; Debian 13 has 2.19. */
for (const release of ['bookworm', 'trixie'])
  test(`from nothing to "it syncs" by what the README of the collection says, with Ansible of ${release}`, async (t) => {
    const { at, all, network } = await machines(t, { names: NAMES, packages: MANAGED });
    const tree = release === 'bookworm' ? undefined : await systemTree(CONTROLLER, release);
    const ansible = controller(t, 'web1', network, all, tree);
    const [, block = ''] =
      /^```sh\n(.*?)^```$/ms.exec(fs.readFileSync(join(COLLECTION, 'README.md'), 'utf8')) ?? [];
    assert.ok(block !== '' && block.trimEnd().split('\n').length <= 10, block);
    t.diagnostic((await ansible.sh('ansible --version | head -1')).output);
    const built = '.built';
    await ansible.sh(`ansible-galaxy collection build --output-path ${built} ${COLLECTION}; mv ${built}/* .`);
    const lines = block
      .replaceAll(/10\.0\.0\.([123])/g, (_, number: string) => network.address(`web${number}`))
      .replaceAll('/tmp/csyncd_0.1.0_amd64.deb', debFile());
    const { code, output } = await ansible.sh(lines);
    assert.equal(code, 0, output);
    must('touch', [join(at.web2.data, 'shared/file')]);
    await until('it syncs', () => at.web1.exists('/srv/shared/file') && at.web3.exists('/srv/shared/file'));
    const again = await ansible.sh(lines);
    assert.equal(again.code, 0, again.output);
    for (const name of NAMES) assert.equal(again.recap[name]?.['changed'], 0, again.output);
  });
