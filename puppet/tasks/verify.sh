#!/bin/sh
# 0 equal, 1 differences, 2 could not compare
set -f
[ "${PT_deep:-false}" = true ] && set -- --deep || set --
exec csyncd verify --json "$@" ${PT_mapping:+"$PT_mapping"}
