package testdb

import (
	"os"
	"testing"

	"sessiongraph/internal/test/tools"
)

func TestServersEndWhenRemoved(t *testing.T) {
	cluster, err := StartCluster(nil)
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED: "+err.Error())
	}
	t.Cleanup(cluster.Remove)
	pooler, err := StartPooler(cluster)
	if err != nil {
		tools.Missing(t, "PGBOUNCER CANNOT BE STARTED: "+err.Error())
	}
	for folder, remove := range map[string]func(){pooler.folder: pooler.Remove, cluster.folder: cluster.Remove} {
		remove()
		tools.Eventually(t, func() string { // a server's guard removes it once the server has ended
			if _, err := os.Stat(folder); err == nil {
				return folder + " is still there"
			}
			return ""
		})
	}
}
