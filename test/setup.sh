#!/bin/sh
# Installs what the tests need beside npm's packages (Debian and its kin). Does nothing when all is there.
# `test/setup.sh deploy`: what the tests of the deployment need as well.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# command or path:package
needed='
csync2:csync2
lsyncd:lsyncd
rsync:rsync
ip:iproute2
nft:nftables
strace:strace
faketime:faketime
git:git
vim:vim
setfacl:acl
setfattr:attr
chattr:e2fsprogs
mkfs.ext4:e2fsprogs
unshare:util-linux
ansible-playbook:ansible-core
ansible-lint:ansible-lint
yamllint:yamllint
puppet:puppet-agent
puppet-lint:puppet-lint
rspec-puppet-init:ruby-rspec-puppet
/usr/share/doc/puppet-strings:puppet-strings
/usr/share/puppet/modules/stdlib:puppet-module-puppetlabs-stdlib
/usr/share/puppet/modules/concat:puppet-module-puppetlabs-concat
'

[ "${1:-}" != deploy ] || needed="$needed
mmdebstrap:mmdebstrap
systemd-nspawn:systemd-container
dh_installsysusers:debhelper
lintian:lintian
dpkg-scanpackages:dpkg-dev
ssh-keygen:openssh-client
"

packages=''
for pair in $needed; do
  case $pair in
    /*) [ -e "${pair%%:*}" ] ;;
    *) command -v "${pair%%:*}" >/dev/null 2>&1 ;;
  esac || packages="$packages ${pair#*:}"
done
[ -n "$packages" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "The tests need these packages; as root: apt-get install --no-install-recommends$packages" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need what Debian has in these packages:$packages" >&2
  exit 1
fi

echo "installing for the tests:$packages"
export DEBIAN_FRONTEND=noninteractive
install() {
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $packages </dev/null >/dev/null
}
install 2>/dev/null || { apt-get -qq update && install; }
