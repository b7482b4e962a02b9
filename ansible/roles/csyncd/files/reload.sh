# Some settings take effect at a start only: csyncd says so. With another control socket it is not reached at all (2).
# Refused for any other reason, it goes on with the config that it has, and this run fails; so do the next ones, until it is not.
refused=/run/csyncd/reload-refused
rm -f "$refused"
systemctl reload csyncd 2>/dev/null && exit 0
reason=$(csyncd reload 2>&1)
case $?,$reason in
  0,*) ;;
  2,* | *'takes effect at a start only'*) systemctl restart csyncd ;;
  *)
    echo "$reason" | tee "$refused" >&2
    exit 1
    ;;
esac
