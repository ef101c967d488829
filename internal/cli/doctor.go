package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/access"
	"sessiongraph/internal/server"
	"sessiongraph/models/store"
	"sessiongraph/models/store/postgres"
)

// Doctor are the settings of doctor: those of serve.
type Doctor struct{ Serve }

// Help returns the text that --help adds to the summary.
func (Doctor) Help() string {
	return "Give it the settings of serve: the same flags, variables or --config. It can run beside the server." +
		" Exit status 1: something is wrong."
}

// Bounds beyond which the doctor complains.
const (
	maxClockDifference = 2 * time.Second
	maxReplicaLag      = 3 * time.Second // as the server leaves a replica out
	maxWriteAheadLog   = 256 << 20       // bytes
	leastFreeSpace     = 1 << 30         // bytes
	looksAtSignatures  = 200             // notifications
)

// diagnosis collects findings.
type diagnosis struct {
	out   io.Writer
	wrong int
}

func (d *diagnosis) good(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, "ok     %s\n", visible(fmt.Sprintf(format, args...)))
}

// bad prints what is wrong, and its cure.
func (d *diagnosis) bad(cure, format string, args ...any) {
	d.wrong++
	_, _ = fmt.Fprintf(d.out, "WRONG  %s\n       cure: %s\n", visible(redact(fmt.Sprintf(format, args...))), cure)
}

// Run prints what it finds.
func (c Doctor) Run(ctx context.Context, s Streams) error {
	d := &diagnosis{out: s.Out}
	c.files(d)
	c.serving(ctx, d)
	if err := c.withStore(ctx, func(database *store.Store) error { return c.database(ctx, d, database) }); err != nil {
		d.bad("the message says what to change; sessiongraph status then shows what is there", "%v", err)
	}
	c.replicas(ctx, d)
	if d.wrong > 0 {
		return fmt.Errorf("doctor: %d findings", d.wrong)
	}
	return nil
}

// files looks at the files that settings name.
func (c Doctor) files(d *diagnosis) {
	var secret []string
	if name := string(c.Tokens); name == "" && c.JWKS == "" {
		d.good("neither --tokens nor --jwks: whoever reaches the server is an operator")
	} else if name == "" {
		d.good("no tokens file: JWTs alone are taken")
	} else if text, err := os.ReadFile(name); err != nil {
		d.bad("name a file that the program may read, see sessiongraph token --help", "tokens: %v", err)
	} else {
		count, hashed, err := access.CheckTokens(text)
		if err != nil {
			d.bad("mend the line: TOKEN SCOPE[,SCOPE...] [workflow=ID,...] [until=TIME] [# name]",
				"tokens: %s: %v", name, err)
		} else {
			d.good("tokens: %d in %s", count, name)
		}
		if !hashed {
			secret = append(secret, name)
		}
	}
	if !postgres.IsAddress(string(c.DB)) {
		secret = append(secret, string(c.DB))
	}
	for _, name := range secret {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o007 != 0 {
			d.bad("chmod o= "+name, "every user of this machine may open %s (mode %04o)", name, info.Mode().Perm())
		}
	}
	if c.Documents == "" {
		return
	}
	if count, err := server.CheckDocuments(c.Documents); err != nil {
		d.bad("mend the document, or name another folder", "%v", err)
	} else {
		d.good("documents: %d in %s, beside the built-in ones", count, c.Documents)
	}
}

// serving looks at what serve would refuse at its start, or could not read later.
func (c Doctor) serving(ctx context.Context, d *diagnosis) {
	const cure = "change the setting, or the file that it names"
	config := c.config("")
	for _, err := range config.Check(ctx, time.Now()) {
		d.bad(cure, "%v", err)
	}
	address, err := net.ResolveTCPAddr("tcp", string(c.Addr))
	if err == nil {
		err = c.checkOpen(config, address)
	}
	if err != nil {
		d.bad(cure, "%v", err)
	}
}

// database looks at the database.
func (c Doctor) database(ctx context.Context, d *diagnosis, database *store.Store) error {
	d.good("database: %s, tables up to date", database.Name())
	if err := database.CheckWritable(ctx); err != nil {
		d.bad("free space on the disk, give the program the right to write, or end what has the database locked",
			"%v", err)
	} else {
		d.good("database: a write was committed")
	}
	if err := database.CheckSpace(leastFreeSpace); err != nil {
		d.bad("free space, or prune old sessions", "%v", err)
	}
	if size := database.LogSize(); size > maxWriteAheadLog {
		d.bad("end the reader that keeps it: a long export, a backup, another program",
			"the write-ahead log has %d MiB", size>>20)
	}
	if outdated, err := database.Outdated(ctx); err != nil {
		return err
	} else if outdated > 0 {
		d.bad("start the server: it upgrades them", "%d sessions are of an older version of the program", outdated)
	}
	if due, err := database.RemovalDue(ctx); err != nil {
		return err
	} else if due {
		d.bad("run erase or prune again, or restart the server", "the files still hold what was removed")
	}
	return errors.Join(c.clock(ctx, d, database), c.signatures(ctx, d, database))
}

// clock compares this machine's clock with that of the database's server, and with the last arrival.
func (Doctor) clock(ctx context.Context, d *diagnosis, database *store.Store) error {
	const cure = "keep the clocks of all machines by NTP"
	ahead, err := database.ClockDifference(ctx)
	if err != nil {
		return err
	}
	if ahead.Abs() > maxClockDifference {
		d.bad(cure, "the clock of the database's server is %v ahead of this machine's", ahead)
	}
	last, err := database.LastReceivedAt(ctx)
	switch {
	case err != nil:
		return err
	case last == nil:
		d.good("no notification has arrived yet")
	case time.Until(last.Time) > maxClockDifference:
		d.bad(cure, "the last notification arrived in the future, at %s", last.Format(time.RFC3339))
	default:
		d.good("the last notification arrived %v ago", time.Since(last.Time).Round(time.Second))
	}
	return nil
}

// signatures looks at the signatures of the notifications that arrived last.
func (c Doctor) signatures(ctx context.Context, d *diagnosis, database *store.Store) error {
	verifier, err := ingest.NewVerifier(ingest.SignOff, string(c.SignScheme), c.SignSecret)
	if err != nil {
		return fmt.Errorf("signatures: %w", err)
	}
	total, signed, verified := 0, 0, 0
	others := map[string]int{}
	err = database.RecentlySigned(ctx, looksAtSignatures, func(sign string, body []byte) {
		total++
		if sign == "" {
			return
		}
		signed++
		for _, scheme := range verifier.Matching(sign, body) {
			if scheme == verifier.Scheme {
				verified++
				return
			}
			others[scheme.String()]++
		}
	})
	switch {
	case err != nil || total == 0:
		return err
	case len(c.SignSecret) == 0:
		d.good("signatures: %d of the last %d notifications have one; none is checked without --sign-secret",
			signed, total)
	case verified == total:
		d.good("signatures: all of the last %d notifications verify by %s", total, c.SignScheme)
	case len(others) > 0:
		var names []string
		for name := range others {
			names = append(names, name)
		}
		slices.Sort(names)
		d.bad("--sign-scheme="+names[0], "signatures: %d of the last %d notifications verify by %s; others by %s",
			verified, total, c.SignScheme, strings.Join(names, ", "))
	default:
		d.bad("compare the secret with AIRudder's; --sign-mode=observe accepts notifications meanwhile",
			"signatures: %d of the last %d notifications verify by %s, %d have a signature", verified, total,
			c.SignScheme, signed)
	}
	return nil
}

// replicas asks each replica how far it is behind.
func (c Doctor) replicas(ctx context.Context, d *diagnosis) {
	for _, address := range c.DBReplica {
		shown := postgres.WithoutPassword(address)
		lag, err := postgres.ReplicaLag(ctx, address)
		switch {
		case err != nil:
			d.bad("mend the address, or start the replica: meanwhile the primary answers",
				"replica %s: %v", shown, err)
		case lag > maxReplicaLag:
			d.bad("look for what holds it back: a slow disk, a long query on it",
				"replica %s is %v behind", shown, lag)
		default:
			d.good("replica %s is %v behind", shown, lag)
		}
	}
}
