/** The Ansible role where systemd does not run: the root of an image that is built. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { must } from '../kit/cluster/command.ts';
import { controller, MANAGED } from '../kit/machines/controller.ts';
import { machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';
import { systemTree } from '../kit/machines/system-tree.ts';

/** Who comes by this port is in the image. */
const PORT = 2222;
const SSHD = `Port 22\nPort ${PORT}\nMatch LocalPort ${PORT}\n  ChrootDirectory /srv/image\n`;

test('in an image the service is enabled, and nothing is started', async (t) => {
  const { at, all, network } = await machines(t, { names: ['web1', 'web2'], packages: MANAGED });
  const { web1 } = at;
  const ansible = controller(t, 'web2', network, all);
  web1.put('/etc/ssh/sshd_config.d/image.conf', SSHD);
  must('cp', ['-a', '--reflink=auto', await systemTree(MANAGED), join(web1.data, 'image')]);
  fs.writeFileSync(join(web1.data, 'image/etc/apt/sources.list'), '');
  await web1.sh('mount --bind /dev /srv/image/dev && mount -t proc proc /srv/image/proc');
  await web1.sh('systemctl restart ssh');
  ansible.write('inventory/hosts.yml', {
    csyncd: {
      children: {
        web: {
          hosts: {
            web1: { ansible_host: network.address('web1'), ansible_port: PORT },
            web2: { ansible_host: network.address('web2') },
          },
        },
      },
      vars: {
        csyncd_package_source: debFile(),
        csyncd_groups: [{ name: 'web', mappings: [{ name: 'shared', path: '/var/shared' }] }],
      },
    },
  });
  for (const changes of [true, false]) {
    const { code, output, recap } = await ansible.play('csyncd.csyncd.deploy', '--limit', 'web1');
    assert.equal(code, 0, output);
    assert.equal((recap['web1']?.['changed'] ?? 0) > 0, changes, output);
  }
  const image = (path: string): string => join(web1.data, 'image', path);
  assert.ok(
    fs.lstatSync(image('etc/systemd/system/multi-user.target.wants/csyncd.service')).isSymbolicLink(),
  );
  assert.match(fs.readFileSync(image('etc/csyncd/csyncd.yaml'), 'utf8'), /"web2"/);
  assert.match(
    fs.readFileSync(image('etc/systemd/system/csyncd.service.d/paths.conf'), 'utf8'),
    /\/var\/shared/,
  );
  assert.ok(!web1.exists('/usr/bin/csyncd'));
  await web1.sh('umount /srv/image/proc /srv/image/dev');
});
