#!/bin/sh
# Before the files of a deb (remove) or rpm (0) go; not at an upgrade.
set -e

case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now sessiongraph-backup.timer sessiongraph.service
	fi
	;;
esac
