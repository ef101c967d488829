package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/stdlib"
)

// PostgreSQL's texts hold no NUL, which JSON can have. So NUL and the five control
// characters behind it are stored as two characters: a first of U+0001 and U+0002, and a
// second of U+0003, U+0004 and U+0005. As the three kinds never mix, texts compare and
// sort as what they stand for, and one is a part of another only where that is so, too.
const (
	escapedChars = 6 // from NUL on
	firstEscape  = 1
	secondEscape = 3
	secondsEach  = 3
)

// encodeText is a text as PostgreSQL stores it: without NUL, and nothing but UTF-8.
func encodeText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	escaped := 0
	for i := range len(s) {
		if s[i] < escapedChars {
			escaped++
		}
	}
	if escaped == 0 {
		return s
	}
	out := make([]byte, 0, len(s)+escaped)
	for i := range len(s) {
		if c := s[i]; c < escapedChars {
			out = append(out, firstEscape+c/secondsEach, secondEscape+c%secondsEach)
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// decodeText is the text that encodeText was given. What it did not write, such as a row
// of an older version of this program, it leaves.
func decodeText(s string) string {
	if strings.IndexByte(s, firstEscape) < 0 && strings.IndexByte(s, firstEscape+1) < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		first := c - firstEscape
		if first < escapedChars/secondsEach && i+1 < len(s) && s[i+1]-secondEscape < secondsEach {
			i++
			c = secondsEach*first + s[i] - secondEscape
		}
		out = append(out, c)
	}
	return string(out)
}

// textConnector opens connections that encode the texts they are given and decode
// those they return.
type textConnector struct {
	driver.Connector
	generation *atomic.Int64
	atBegin    string // statements that each transaction begins with
}

// Connect opens a connection.
func (c textConnector) Connect(ctx context.Context) (driver.Conn, error) {
	generation := c.generation.Load()
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, connectError{err}
	}
	plain, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, fmt.Errorf("connection is a %T", conn)
	}
	return textConn{plain, generation, c.generation, c.atBegin}, nil
}

type textConn struct {
	*stdlib.Conn
	made       int64 // the pool's generation at that time
	generation *atomic.Int64
	atBegin    string
}

// BeginTx begins a transaction.
func (c textConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if c.atBegin == "" {
		return c.Conn.BeginTx(ctx, options)
	}
	return beginWith(ctx, c.Conn.Conn(), options, c.atBegin)
}

// ResetSession returns an error for a connection that is not to be used again. A server
// that hangs is noticed before long.
func (c textConn) ResetSession(ctx context.Context) error {
	if c.isDropped() {
		return driver.ErrBadConn
	}
	ctx, cancel := context.WithTimeout(ctx, aliveTimeout)
	defer cancel()
	return c.Conn.ResetSession(ctx)
}

func (c textConn) isDropped() bool { return c.made != c.generation.Load() }

// Close closes the connection. One that was dropped is not closed politely: its server may not answer.
func (c textConn) Close() error {
	if c.isDropped() {
		_ = c.Conn.Conn().PgConn().Conn().Close()
	}
	return c.Conn.Close()
}

// CheckNamedValue makes an argument one of database/sql's own types.
func (textConn) CheckNamedValue(argument *driver.NamedValue) error {
	value, err := driver.DefaultParameterConverter.ConvertValue(argument.Value)
	if text, ok := value.(string); ok {
		value = encodeText(text)
	}
	argument.Value = value
	return err
}

// QueryContext runs a query. Statements are not prepared by database/sql, so this is
// the one way to rows.
func (c textConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if plain, ok := rows.(*stdlib.Rows); ok {
		return textRows{plain}, err
	}
	return rows, err
}

// PrepareContext refuses what would go around QueryContext.
func (textConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, fmt.Errorf("statements are prepared by pgx alone")
}

type textRows struct{ *stdlib.Rows }

// Next reads a row.
func (r textRows) Next(values []driver.Value) error {
	err := r.Rows.Next(values)
	for i, value := range values {
		if text, ok := value.(string); ok {
			values[i] = decodeText(text)
		}
	}
	return err
}
