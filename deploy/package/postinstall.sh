#!/bin/sh
# After the files of a deb or rpm are in place, at an installation as at an upgrade.
set -e

if ! getent passwd sessiongraph >/dev/null; then
	useradd --system --user-group --no-create-home --home-dir /var/lib/sessiongraph \
		--shell /usr/sbin/nologin sessiongraph
fi
install -d -m 0700 -o sessiongraph -g sessiongraph /var/lib/sessiongraph /var/lib/sessiongraph-backups

# Root writes the settings and secrets, the server only reads them.
install -d -m 0750 -o root -g sessiongraph /etc/sessiongraph
if [ ! -e /etc/sessiongraph/sessiongraph.yaml ]; then
	install -m 0640 /usr/share/sessiongraph/sessiongraph.yaml /etc/sessiongraph/sessiongraph.yaml
fi
if [ ! -e /etc/sessiongraph/tokens ]; then
	(umask 027 && echo '# A line for each token, as "sessiongraph token" prints it.' >/etc/sessiongraph/tokens)
fi
chgrp sessiongraph /etc/sessiongraph/sessiongraph.yaml /etc/sessiongraph/tokens
chmod 0640 /etc/sessiongraph/sessiongraph.yaml /etc/sessiongraph/tokens

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart sessiongraph.service
fi
