package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// server is how connections to a server are made.
type server struct {
	config *pgx.ConnConfig
	// pooled says that the address is a transaction pooler's: each transaction may have another connection of
	// the server, which keeps neither settings nor prepared statements for the next one.
	pooled bool
}

func (s server) newReaders(most int) *sql.DB {
	return s.newPool(readingSettings, most, new(atomic.Int64))
}

// newPool makes a pool. Its connections that were made before a change of generation are
// not used again.
func (s server) newPool(settings map[string]string, most int, generation *atomic.Int64) *sql.DB {
	config, connector := s.config.Copy(), textConnector{generation: generation}
	missing := maps.Clone(commonSettings)
	maps.Copy(missing, settings)
	maps.DeleteFunc(missing, func(name, _ string) bool {
		_, given := config.RuntimeParams[name]
		return given
	})
	if s.pooled {
		if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
			config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		}
		connector.atBegin = setLocal(missing)
	} else {
		maps.Copy(config.RuntimeParams, missing)
	}
	connector.Connector = stdlib.GetConnector(*config)

	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	pool.SetConnMaxIdleTime(idleTime)
	pool.SetConnMaxLifetime(lifetime)
	return pool
}

// setLocal are the statements that give a transaction its settings.
func setLocal(settings map[string]string) string {
	var statements strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if name != isolationSetting { // of the next transaction
			statements.WriteString("; SET LOCAL " + name + " = '" + settings[name] + "'")
		}
	}
	return statements.String()
}

// beginWith begins a transaction, and sets what a connection of the server's own would have been set to.
func beginWith(ctx context.Context, conn *pgx.Conn, options driver.TxOptions, settings string) (driver.Tx, error) {
	isolation := commonSettings[isolationSetting]
	if level := sql.IsolationLevel(options.Isolation); level != sql.LevelDefault {
		isolation = level.String()
	}
	begin := "BEGIN ISOLATION LEVEL " + isolation
	if options.ReadOnly {
		begin += " READ ONLY"
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin + settings})
	if err != nil {
		return nil, err
	}
	return pooledTx{ctx, tx}, nil
}

// pooledTx is a transaction of pgx as database/sql takes it.
type pooledTx struct {
	ctx context.Context
	tx  pgx.Tx
}

// Commit commits the transaction.
func (t pooledTx) Commit() error { return t.tx.Commit(t.ctx) }

// Rollback rolls the transaction back.
func (t pooledTx) Rollback() error { return t.tx.Rollback(t.ctx) }
