# What lsyncd watched and csync2 moved.
csyncd::compat { 'www':
  directories => {
    '/var/www/shared'   => 'wwwshared',
    '/var/www/data/ini' => 'wwwdata',
    '/var/www/data/png' => 'wwwdata',
    '/var/www/data/zip' => 'wwwdata',
  },
  hosts       => ['web1', 'web2', 'web3'],
  exclude     => { 'wwwshared' => ['.*.swp'] },
}
