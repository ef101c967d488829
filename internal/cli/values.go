package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sessiongraph/ingest"
	"sessiongraph/models/store/postgres"
)

// DatabaseName is a file or a postgres:// URL.
type DatabaseName string

// UnmarshalText reads a name.
func (d *DatabaseName) UnmarshalText(text []byte) error {
	if err := checkName(string(text)); err != nil {
		return fmt.Errorf("invalid database: %w", err)
	}
	*d = DatabaseName(text)
	return nil
}

// checkName rejects names that are neither a postgres:// URL nor a plausible file name: URLs
// of other databases, and libpq's form host=… dbname=…, which would be names of new files.
// Its error does not repeat the name, which may hold a password.
func checkName(name string) error {
	scheme, _, hasScheme := strings.Cut(name, "://")
	switch {
	case name == "":
		return errors.New("empty name: want a file or a postgres:// URL")
	case postgres.IsAddress(name):
		return nil
	case hasScheme && len(scheme) <= 20:
		return fmt.Errorf("%s:// is not supported: want a file (SQLite) or a postgres:// URL", scheme)
	case hasScheme, strings.Contains(name, "="), strings.ContainsAny(filepath.Base(name), " \t\r\n"):
		return errors.New("a file name with =, :// or blanks looks like an address:" +
			" want a file, or postgres://USER@HOST/NAME")
	}
	return nil
}

// DirectAddress is a postgres:// URL.
type DirectAddress string

// UnmarshalText reads an address.
func (d *DirectAddress) UnmarshalText(text []byte) error {
	if !postgres.IsAddress(string(text)) {
		return errors.New("invalid address: want a postgres:// URL")
	}
	*d = DirectAddress(text)
	return nil
}

// Replicas are postgres:// URLs.
type Replicas []string

// UnmarshalText adds a list that is comma separated or has one URL per line.
func (r *Replicas) UnmarshalText(text []byte) error {
	for _, address := range list(text) {
		if !postgres.IsAddress(address) {
			return errors.New("invalid replica: want postgres:// URLs")
		}
		*r = append(*r, address)
	}
	return nil
}

// Secrets are comma separated, or one per line of a file. An empty secret is an error, also
// in an empty variable: unsigned notifications would be accepted by mistake.
type Secrets []string

// UnmarshalText adds a list of secrets.
func (s *Secrets) UnmarshalText(text []byte) error {
	for _, secret := range list(text) {
		if strings.TrimSpace(secret) == "" {
			return errors.New("empty secret: leave the setting out where notifications are not signed")
		}
		*s = append(*s, secret)
	}
	return nil
}

func list(text []byte) []string {
	return strings.Split(strings.NewReplacer("\r\n", ",", "\n", ",").Replace(string(text)), ",")
}

// Given is a text that is not empty, also in an empty variable: whatever it protects would be open by mistake.
type Given string

// UnmarshalText reads a text.
func (g *Given) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == "" {
		return errors.New("empty value: leave the setting out instead")
	}
	*g = Given(text)
	return nil
}

// SchemeName names a signature scheme.
type SchemeName string

// UnmarshalText reads a name that ingest.ParseScheme accepts.
func (s *SchemeName) UnmarshalText(text []byte) error {
	if _, err := ingest.ParseScheme(string(text)); err != nil {
		return err
	}
	*s = SchemeName(text)
	return nil
}

// LogFormat is text or json.
type LogFormat string

// UnmarshalText reads a format's name.
func (f *LogFormat) UnmarshalText(text []byte) error {
	if formats := []string{"text", "json"}; !slices.Contains(formats, string(text)) {
		return fmt.Errorf("invalid log format %q (want text or json)", text)
	}
	*f = LogFormat(text)
	return nil
}

// LogLevel is the lowest level that is logged.
type LogLevel slog.Level

// UnmarshalText reads a level's name.
func (l *LogLevel) UnmarshalText(text []byte) error {
	names := []string{"debug", "info", "warn", "error"}
	if !slices.Contains(names, string(text)) {
		return fmt.Errorf("invalid log level %q (want debug, info, warn or error)", text)
	}
	return (*slog.Level)(l).UnmarshalText(text)
}

// Address is a host and a port to listen on.
type Address string

// UnmarshalText reads HOST:PORT. Without HOST it stands for all addresses of this machine.
func (a *Address) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("invalid address %q (want HOST:PORT, e.g. 127.0.0.1:8080)", text)
	}
	*a = Address(text)
	return nil
}

// BodySize is the size of a notification in bytes.
type BodySize int64

// minBodySize is less than any session takes: AIRudder's example has 9 KiB.
const minBodySize = 1 << 10

// UnmarshalText reads 1048576, 1024KiB or 1MiB.
func (b *BodySize) UnmarshalText(text []byte) error {
	number := strings.TrimSpace(string(text))
	factor := int64(1)
	for _, unit := range []struct {
		name   string
		factor int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}} {
		if rest, ok := strings.CutSuffix(number, unit.name); ok {
			number, factor = strings.TrimSpace(rest), unit.factor
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > (1<<40)/factor {
		return fmt.Errorf("invalid size %q (want bytes, KiB, MiB or GiB, e.g. 8MiB)", text)
	}
	if n*factor < minBodySize {
		return fmt.Errorf("size %q is too small for a notification (want at least 1KiB, e.g. 8MiB)", text)
	}
	*b = BodySize(n * factor)
	return nil
}

// Count is a positive integer.
type Count int

// UnmarshalText reads a decimal number.
func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil || n < 1 {
		return fmt.Errorf("invalid number %q (want 1 to 2147483647)", text)
	}
	*c = Count(n)
	return nil
}
