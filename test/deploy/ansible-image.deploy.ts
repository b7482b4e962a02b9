/** The Ansible role where systemd does not run: the root of an image, which is booted later. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { controller, MANAGED } from '../kit/machines/controller.ts';
import { machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';

/** Who comes by this port sees the machine's root without what runs there: /run is empty. */
const PORT = 2222;
const SSHD = `Port 22\nPort ${PORT}\nMatch LocalPort ${PORT}\n  ChrootDirectory /image\n`;

test('in an image the service is enabled, and starts when the image is booted', async (t) => {
  const { at, all, network } = await machines(t, { names: ['web1', 'web2'], packages: MANAGED });
  const { web1 } = at;
  const ansible = controller(t, 'web2', network, all);
  web1.put('/etc/ssh/sshd_config.d/image.conf', SSHD);
  await web1.sh('mkdir /image && mount --bind / /image && mount --bind /dev /image/dev');
  await web1.sh('mount -t proc proc /image/proc && systemctl restart ssh');
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
  assert.equal((await web1.run('systemctl', 'is-active', 'csyncd')).stdout.trim(), 'inactive');
  await web1.sh('umount /image/proc /image/dev /image');
  await web1.shutDown();
  await web1.boot();
  await until('it runs', async () => (await web1.run('systemctl', 'is-active', 'csyncd')).code === 0);
});
