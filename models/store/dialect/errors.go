// Package dialect is what differs between the databases.
package dialect

import "errors"

// Errors that callers tell apart.
var (
	// ErrUnavailable: the database cannot be written or read now (locked, full,
	// disconnected). Nothing was stored; the same call may succeed later.
	ErrUnavailable = errors.New("the database is not available now")
	// ErrRejected: the database does not take the values, now or later. Any other
	// error says nothing of what was to be stored.
	ErrRejected = errors.New("the database does not take it")
	// ErrUnreachable: no server answers at the database's address, or it is still
	// starting. Opening it may succeed later.
	ErrUnreachable = errors.New("the database server cannot be reached")
)
