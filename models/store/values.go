package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"sessiongraph/models"
)

// timeColumn is a time as it is stored: whole microseconds since 1970.
type timeColumn models.Time

// Scan reads the column.
func (t *timeColumn) Scan(column any) error {
	us, ok := column.(int64)
	if !ok {
		return fmt.Errorf("scan time: column is a %T", column)
	}
	t.Time = time.UnixMicro(us).UTC()
	return nil
}

// Value is what is stored.
func (t timeColumn) Value() (driver.Value, error) { return t.UnixMicro(), nil }

// optionalTimeColumn is a time that may be NULL, as nil.
type optionalTimeColumn struct{ at **models.Time }

// Scan reads the column.
func (t optionalTimeColumn) Scan(column any) error {
	if column == nil {
		*t.at = nil
		return nil
	}
	*t.at = new(models.Time)
	return (*timeColumn)(*t.at).Scan(column)
}

// Value is what is stored.
func (t optionalTimeColumn) Value() (driver.Value, error) {
	if *t.at == nil {
		return nil, nil
	}
	return (*t.at).UnixMicro(), nil
}

// listColumn is a list of texts, which is stored as JSON.
type listColumn []string

// Scan reads the column.
func (l *listColumn) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return fmt.Errorf("scan list: column is a %T", column)
	}
	if err := json.Unmarshal([]byte(text), (*[]string)(l)); err != nil {
		return fmt.Errorf("scan list: %w", err)
	}
	return nil
}

// Value is what is stored.
func (l listColumn) Value() (driver.Value, error) {
	if l == nil {
		return "[]", nil
	}
	text, err := json.Marshal([]string(l))
	return string(text), err
}
