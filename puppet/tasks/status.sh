#!/bin/sh
# 0 healthy, 1 degraded, 2 no daemon
exec csyncd status --json
