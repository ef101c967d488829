// Package testdb gives tests fresh databases of each kind that the program knows.
package testdb

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of Kind.Driver
	_ "modernc.org/sqlite"             // the driver of Kind.Driver

	"sessiongraph/internal/test/tools"
)

// Kind is a kind of database.
type Kind struct {
	Name   string // "sqlite" or "postgres"
	Driver string // its name in database/sql
	fresh  func(t testing.TB) string
}

// SQLite databases are files of the test.
var SQLite = Kind{"sqlite", "sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }}

// Postgres databases are in a cluster that the tests of a package start once.
var Postgres = Kind{"postgres", "pgx", freshPostgres}

// Pooled databases are those of Postgres, which the program uses by way of a transaction pooler.
var Pooled = Kind{"pooled", "pgx", freshPostgres}

// Fresh is the address of an empty database that ends with the test.
func (k Kind) Fresh(t testing.TB) string {
	t.Helper()
	return k.fresh(t)
}

// Each runs a test on each kind of database.
func Each(t *testing.T, test func(t *testing.T, kind Kind)) {
	t.Helper()
	on(t, test, SQLite, Postgres)
}

// EachAndPooled is Each for what a transaction pooler could break.
func EachAndPooled(t *testing.T, test func(t *testing.T, kind Kind)) {
	t.Helper()
	on(t, test, SQLite, Postgres, Pooled)
}

func on(t *testing.T, test func(t *testing.T, kind Kind), kinds ...Kind) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.Name, func(t *testing.T) { test(t, kind) })
	}
}

var (
	shared = sync.OnceValues(func() (*Cluster, error) {
		// It has nothing that is worth a flush to disk.
		return StartCluster(map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
	})
	databases atomic.Int64
)

func freshPostgres(t testing.TB) string {
	t.Helper()
	cluster, err := shared()
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED, NOTHING IS TESTED ON IT: "+err.Error())
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	cluster.Execute(t, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { cluster.Execute(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return cluster.Address(name)
}

// Address is the address of a database of the cluster.
func (c *Cluster) Address(database string) string { return addressAt(c.folder, database) }

// addressAt is the address of a database of the server whose socket is in a folder.
func addressAt(folder, database string) string {
	return "postgres://postgres@/" + database + "?host=" + url.QueryEscape(folder)
}

// Execute runs statements on the cluster itself.
func (c *Cluster) Execute(t testing.TB, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	connection, err := pgx.Connect(ctx, c.Address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(ctx) }()
	for _, statement := range statements {
		if _, err := connection.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Count is the number that a query on a database of the cluster gives.
func (c *Cluster) Count(t testing.TB, database, query string) (count int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), c.Address(database))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	if err := connection.QueryRow(t.Context(), query).Scan(&count); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return count
}
