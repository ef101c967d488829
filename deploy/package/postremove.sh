#!/bin/sh
# After the files are gone. The database and the backups stay: remove them by hand.
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
if [ "$1" = purge ]; then
	rm -f /etc/sessiongraph/tokens /etc/sessiongraph/sessiongraph.yaml
	rmdir /etc/sessiongraph 2>/dev/null || true # other files of its owner stay
	for data in /var/lib/sessiongraph /var/lib/sessiongraph-backups; do
		if [ -e "$data" ]; then echo "sessiongraph: $data is kept"; fi
	done
fi
