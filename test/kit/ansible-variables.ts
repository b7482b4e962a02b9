/** Sets of variables for the Ansible role, which together use every setting. */

export function groups(group: object): object {
  return { csyncd_groups: [{ name: 'web', ...group }] };
}

export const VARIABLES: Readonly<Record<string, object>> = {
  'the least': groups({ mappings: [{ name: 'shared', path: '/srv/shared' }] }),
  'every setting': {
    csyncd_listen: '[::]:30865',
    csyncd_state_dir: '/var/lib/elsewhere',
    csyncd_control_socket: '/run/csyncd/other.sock',
    csyncd_metrics: '127.0.0.1:9731',
    csyncd_log: { level: 'debug', format: 'json' },
    csyncd_limits: { send_rate: '10MiB', receive_rate: '0' },
    csyncd_tls: { ca: '/etc/ca.pem', cert: '/etc/cert.pem', key: '/etc/key.pem' },
    ...groups({
      key_file: '/etc/csyncd/keys/other.key',
      auto: 'none',
      backup: { generations: '5', keep: '7d' },
      mappings: [
        {
          name: 'shared',
          path: '/srv/with "quotes" and: blanks',
          paths: { web3: '/data/ü' },
          exclude: ['*~', '!keep~', '/cache/**', '# no comment', 'null', '1e3', 'yes'],
          include: ['/**'],
          delay: '200ms',
          max_delay: '5s',
          rescan: '2h',
          durability: 'relaxed',
          owner: 'numeric',
          max_delete: '20%',
        },
        { name: '1e3', path: '/srv/numbers' },
      ],
      actions: [
        {
          name: 'reload',
          pattern: ['/nginx/**'],
          exec: ['sh', '-c', 'echo "$1" \\ %s'],
          where: 'everywhere',
          timeout: '5s',
        },
      ],
    }),
  },
  'two groups': {
    csyncd_groups: [
      {
        name: 'web',
        receivers: ['web3'],
        more_hosts: [{ name: 'old1', address: '10.0.0.9', port: '30865' }],
        mappings: [{ name: 'shared', path: '/srv/shared' }],
      },
      { name: 'data', inventory_group: 'db', mappings: [{ name: 'data', path: '/srv/data' }] },
    ],
  },
  csync2: groups({
    backend: 'csync2',
    csync2: { port: '30866', no_ssl: 'true', lock_timeout: '5s', listener: 'external', args: ['-B'] },
    mappings: [{ name: 'shared', path: '/srv/shared', exclude: ['/cache/**'] }],
  }),
};
