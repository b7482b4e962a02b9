# Succeeds when the running daemon may not write to a directory that the drop-ins open.
pid=$(systemctl show --property MainPID --value csyncd)
[ "${pid:-0}" != 0 ] || exit 1
cat /etc/systemd/system/csyncd.service.d/*.conf |
  sed -n -e 's/^ReadWritePaths="-\(.*\)"$/\1/p' -e t -e 's/^ReadWritePaths=-\(.*\)$/\1/p' |
  sed -e 's/\\\(["\\]\)/\1/g' -e 's/%%/%/g' | {
    while IFS= read -r path; do
      # Where nobody may write, a restart would not help.
      [ -d "$path" ] && [ -w "$path" ] || continue
      nsenter --target "$pid" --mount -- test -w "$path" || exit 0
    done
    exit 1
  }
