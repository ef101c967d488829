package testdb

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sessiongraph/internal/test/tools"
)

// Pooler is a PgBouncer in transaction mode in front of a cluster. It ends with the program that started it.
type Pooler struct {
	folder string // of its socket and its log
	alive  io.Closer
}

// poolerConfig is of a PgBouncer with few connections, so that its clients take turns.
const poolerConfig = `[databases]
* = host=%[2]s user=postgres
[pgbouncer]
pool_mode = transaction
unix_socket_dir = %[1]s
listen_addr =
listen_port = 5432
auth_type = any
default_pool_size = 4
server_login_retry = 1
`

// StartPooler starts a PgBouncer in front of a cluster.
func StartPooler(c *Cluster) (*Pooler, error) {
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		path = "/usr/sbin/pgbouncer" // in the PATH of root alone
	}
	if _, err := os.Stat(path); err != nil {
		return nil, errors.New("pgbouncer is not installed")
	}
	folder, err := newFolder(c.owner)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "pgbouncer.ini")
	if err := os.WriteFile(file, fmt.Appendf(nil, poolerConfig, folder, c.folder), 0o644); err != nil {
		return nil, err
	}
	p := &Pooler{folder: folder}
	if _, p.alive, err = startGuarded(folder, c.owner, "TERM", path, file); err != nil {
		return nil, fmt.Errorf("start PgBouncer: %w", err)
	}
	return p, await(p.Address("postgres"), folder)
}

// Address is the pooler's address of a database of its cluster.
func (p *Pooler) Address(database string) string { return addressAt(p.folder, database) }

// Remove ends the pooler and removes its folder.
func (p *Pooler) Remove() { _ = p.alive.Close() }

var sharedPooler = sync.OnceValues(func() (*Pooler, error) {
	cluster, err := shared()
	if err != nil {
		return nil, err
	}
	return StartPooler(cluster)
})

// At are the addresses that the program gets for a database: of the database and, with a pooler, the server's own.
func (k Kind) At(t testing.TB, address string) (database, direct string) {
	t.Helper()
	if k.Name != Pooled.Name {
		return address, ""
	}
	pooler, err := sharedPooler()
	if err != nil {
		tools.Missing(t, "PGBOUNCER CANNOT BE STARTED, NOTHING IS TESTED ON IT: "+err.Error())
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return pooler.Address(strings.TrimPrefix(parsed.Path, "/")), address
}
