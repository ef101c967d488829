package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/pacing"
)

// Removed counts what erase or prune took away.
type Removed struct {
	Sessions      int
	Messages      int
	Notifications int
}

func (r *Removed) add(other Removed) {
	r.Sessions += other.Sessions
	r.Messages += other.Messages
	r.Notifications += other.Notifications
}

// RemovalProgress receives how far erase or prune is.
type RemovalProgress struct {
	// Removed counts sessions, Cleaned the parts of the files that are cleaned
	// afterwards; either may be nil.
	Removed, Cleaned dialect.Progress
}

func (p RemovalProgress) removed(done, total int) {
	if p.Removed != nil {
		p.Removed(done, total)
	}
}

func (p RemovalProgress) cleaned(done, total int) {
	if p.Cleaned != nil {
		p.Cleaned(done, total)
	}
}

// Sessions that are removed in one transaction: as many as fit into its time, at most
// removeBatch.
const (
	firstRemoveBatch = 10
	removeBatch      = 200
)

// removal is what erase or prune removes.
type removal struct {
	// callIDs is a subquery for the call_ids of sessions, with one argument.
	callIDs  string
	argument any
	// quarantined chooses from quarantine.
	quarantined func(*models.Notification) (bool, error)
	erases      bool // what a long read must not survive
}

var errNoCallee = errors.New("erase: the callee is empty")

func (s *Store) erasure(callee string) (removal, error) {
	if callee == "" {
		return removal{}, errNoCallee
	}
	return removal{"SELECT DISTINCT call_id FROM notifications WHERE callee = ? AND call_id IS NOT NULL", callee,
		func(n *models.Notification) (bool, error) {
			body, err := s.unpackBody(n.Body)
			return mentions(body, callee), err
		}, true}, nil
}

func pruning(before models.Time) removal {
	return removal{"SELECT call_id FROM sessions WHERE ended_at < ?", before.UnixMicro(),
		func(n *models.Notification) (bool, error) { return n.LastReceivedAt.Before(before.Time), nil }, false}
}

// Erase removes all that was received of one callee: its sessions, in every
// version, and what in quarantine names it. Afterwards the database's files do not
// hold it any more. Where cleaning them fails or is interrupted, it remains due: the
// next erase or prune does it, and FinishRemoval.
func (s *Store) Erase(ctx context.Context, callee string, progress RemovalProgress) (Removed, error) {
	r, err := s.erasure(callee)
	if err != nil {
		return Removed{}, err
	}
	return s.remove(ctx, r, progress)
}

// Erasable counts what Erase would remove.
func (s *Store) Erasable(ctx context.Context, callee string) (Removed, error) {
	r, err := s.erasure(callee)
	if err != nil {
		return Removed{}, err
	}
	return s.removable(ctx, r)
}

// Prune removes the sessions that ended before a time, and what came into
// quarantine before it, as Erase does.
func (s *Store) Prune(ctx context.Context, before models.Time, progress RemovalProgress) (Removed, error) {
	return s.remove(ctx, pruning(before), progress)
}

// Prunable counts what Prune would remove.
func (s *Store) Prunable(ctx context.Context, before models.Time) (Removed, error) {
	return s.removable(ctx, pruning(before))
}

func (s *Store) remove(ctx context.Context, r removal, progress RemovalProgress) (removed Removed, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("remove notifications: %w", err)
		}
	}()
	if err := s.db.CheckSpace(purgeSpace); err != nil {
		return removed, err
	}
	if err := s.removeSessions(ctx, r, &removed, progress); err != nil {
		return removed, err
	}
	if err := s.removeQuarantined(ctx, r, &removed); err != nil {
		return removed, err
	}
	return removed, s.FinishRemoval(ctx, progress)
}

// removable counts what remove would remove.
func (s *Store) removable(ctx context.Context, r removal) (Removed, error) {
	var removed Removed
	db := s.read.WithContext(ctx)
	for _, count := range []struct {
		sql  string
		into *int
	}{
		{"SELECT COUNT(*) FROM (%s) c JOIN sessions s ON s.call_id = c.call_id", &removed.Sessions},
		{"SELECT COUNT(*) FROM (%s) c JOIN sessions s ON s.call_id = c.call_id JOIN messages m ON m.session_id = s.id",
			&removed.Messages},
		{"SELECT COUNT(*) FROM (%s) c JOIN notifications n ON n.call_id = c.call_id", &removed.Notifications},
	} { // joins: lists for IN are kept in memory
		if err := db.Raw(fmt.Sprintf(count.sql, r.callIDs), r.argument).Scan(count.into).Error; err != nil {
			return Removed{}, fmt.Errorf("count what would be removed: %w", err)
		}
	}
	err := s.chooseQuarantined(ctx, r, func(ids []int64) error {
		removed.Notifications += len(ids)
		return nil
	})
	return removed, err
}

// removalState says whether files have to be cleaned: each transaction that removes
// counts, and a purge notes up to which count it cleaned.
type removalState struct{ Removals, Purged int64 }

func (s *Store) removalState(ctx context.Context) (removalState, error) {
	var state removalState
	err := s.read.WithContext(ctx).Raw("SELECT removals, purged FROM removals WHERE id = 1").Scan(&state).Error
	if err != nil {
		return state, fmt.Errorf("read what has to be cleaned: %w", err)
	}
	return state, nil
}

// RemovalDue reports whether the files still hold what an interrupted erase or prune removed.
func (s *Store) RemovalDue(ctx context.Context) (bool, error) {
	state, err := s.removalState(ctx)
	return state.Removals > state.Purged, err
}

// FinishRemoval cleans the database's files where that is due.
func (s *Store) FinishRemoval(ctx context.Context, progress RemovalProgress) error {
	state, err := s.removalState(ctx)
	if err != nil || state.Removals <= state.Purged {
		return err
	}
	if err := s.db.CheckSpace(purgeSpace); err != nil {
		return err
	}
	if err := s.db.Purge(ctx, progress.cleaned); err != nil {
		return fmt.Errorf("clean the files (still due, erase or prune again does it): %w", err)
	}
	err = dialect.RetryUnavailable(ctx, func() error {
		return s.write.WithContext(ctx).Exec("UPDATE removals SET purged = ? WHERE id = 1 AND purged < ?",
			state.Removals, state.Removals).Error
	})
	if err != nil {
		return fmt.Errorf("note that files are clean: %w", err)
	}
	return nil
}

// purgeSpace is what has to be free on the disk before files are cleaned, in bytes:
// the log grows, and the search index is written again piece by piece.
const purgeSpace = 32 << 20

// maxSpellings bounds what Spellings returns.
const maxSpellings = 10

// Spellings are the callees that are the same number or name as one, written in
// another way: with other characters between digits or letters, or with another or
// no country code.
func (s *Store) Spellings(ctx context.Context, callee string) (spellings []string, err error) {
	wanted := plainName(callee)
	if wanted == "" {
		return nil, nil
	}
	rows, err := s.read.WithContext(ctx).Raw("SELECT DISTINCT callee FROM notifications"+
		" WHERE callee <> ? ORDER BY callee", callee).Rows()
	if err != nil {
		return nil, fmt.Errorf("read callees: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() && len(spellings) < maxSpellings {
		var other string
		if err := rows.Scan(&other); err != nil {
			return nil, fmt.Errorf("read callees: %w", err)
		}
		if sameName(plainName(other), wanted) {
			spellings = append(spellings, other)
		}
	}
	return spellings, rows.Err()
}

// plainName is a number or name without what may be written between its parts.
func plainName(callee string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, models.CaseFold(callee))
}

// leastNumber is how many digits two numbers have to share at their ends to be taken
// for one with and without a country code.
const leastNumber = 7

func sameName(a, b string) bool {
	if a == b {
		return true
	}
	short, long := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(short) > len(long) {
		short, long = long, short
	}
	digits := strings.IndexFunc(long, func(r rune) bool { return r < '0' || r > '9' }) < 0
	return digits && len(short) >= leastNumber && len(long)-len(short) <= 3 && strings.HasSuffix(long, short)
}

// Mentions counts the sessions of other callees whose messages hold a callee's number.
func (s *Store) Mentions(ctx context.Context, callee string) (int, error) {
	word := strings.TrimPrefix(models.CaseFold(callee), "+")
	if len(word) < leastNumber {
		return 0, nil
	}
	found := s.db.SearchSessions([]string{word}, 0).Predicate()
	var count int
	err := s.read.WithContext(ctx).Raw("SELECT COUNT(*) FROM sessions s WHERE s.callee <> ? AND "+found.SQL,
		append([]any{callee}, found.Args...)...).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count what names the callee: %w", err)
	}
	return count, nil
}

// mentions says whether a body that could not be read as a session is of a callee, or
// has it somewhere, escaped or not. Where letters or digits go on before or behind
// it, it is another's name.
func mentions(body []byte, callee string) bool {
	if models.JSON(body).Get("callee").Text() == callee {
		return true
	}
	return hasName(body, callee) || hasName(unescaped(body), callee)
}

var escapes = regexp.MustCompile(`\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])`)

// unescaped is a body with what JSON may escape of a name written out.
func unescaped(body []byte) []byte {
	return escapes.ReplaceAllFunc(body, func(escape []byte) []byte {
		var text string
		if json.Unmarshal([]byte(`"`+string(escape)+`"`), &text) != nil {
			return escape
		}
		return []byte(text)
	})
}

func hasName(body []byte, callee string) bool {
	for at := 0; ; at++ {
		found := bytes.Index(body[at:], []byte(callee))
		if found < 0 {
			return false
		}
		at += found
		end := at + len(callee)
		longer := at > 0 && isAlphanumeric(body[at-1]) && isAlphanumeric(callee[0]) ||
			end < len(body) && isAlphanumeric(body[end]) && isAlphanumeric(callee[len(callee)-1])
		if !longer {
			return true
		}
	}
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// removeSessions removes sessions, a bounded number in each transaction. Nothing is
// written, and no lock taken, where there are none.
func (s *Store) removeSessions(ctx context.Context, r removal, removed *Removed, progress RemovalProgress) error {
	find := func(db *gorm.DB, limit int) (callIDs []string, err error) {
		if err := db.Raw(r.callIDs+" LIMIT ?", r.argument, limit).Scan(&callIDs).Error; err != nil {
			return nil, fmt.Errorf("find sessions: %w", err)
		}
		return callIDs, nil
	}
	total := 0
	size := &pacing.Batch{Size: firstRemoveBatch, Most: removeBatch}
	for {
		callIDs, err := find(s.read.WithContext(ctx), 1)
		if err != nil || len(callIDs) == 0 {
			return err
		}
		if total == 0 {
			if err := s.read.WithContext(ctx).Raw("SELECT COUNT(*) FROM ("+r.callIDs+") c",
				r.argument).Scan(&total).Error; err != nil {
				return fmt.Errorf("count sessions: %w", err)
			}
		}

		var batch Removed
		held, err := s.removeStep(ctx, r, func(tx *gorm.DB) error {
			var err error
			callIDs, err = find(tx, size.Size)
			if err != nil || len(callIDs) == 0 {
				return err
			}
			batch, err = removeCallIDs(tx, s.db, callIDs)
			return err
		})
		if err != nil {
			return err
		}
		removed.add(batch)
		progress.removed(removed.Sessions, max(total, removed.Sessions))
		size.Adapt(max(len(callIDs), 1), held)
		if err := pacing.LeaveLock(ctx, held); err != nil {
			return err
		}
	}
}

// removeStep is a transaction that removes; that files have to be cleaned is
// committed with it.
func (s *Store) removeStep(
	ctx context.Context, r removal, work func(tx *gorm.DB) error,
) (held time.Duration, err error) {
	err = dialect.RetryUnavailable(ctx, func() error {
		var began time.Time
		defer func() { held = time.Since(began) }()
		return s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) error {
			began = time.Now()
			if err := work(tx); err != nil {
				return err
			}
			if err := tx.Exec("UPDATE removals SET removals = removals + 1 WHERE id = 1").Error; err != nil {
				return fmt.Errorf("note that files have to be cleaned: %w", err)
			}
			if r.erases {
				return countErasure(tx)
			}
			return nil
		})
	})
	return held, err
}

func removeCallIDs(tx *gorm.DB, d dialect.Dialect, callIDs []string) (Removed, error) {
	var ids []int64
	if err := tx.Raw("SELECT id FROM sessions WHERE call_id IN ?", callIDs).Scan(&ids).Error; err != nil {
		return Removed{}, fmt.Errorf("find sessions: %w", err)
	}
	removed := Removed{Sessions: len(ids)}
	if len(ids) > 0 {
		err := tx.Raw("SELECT COUNT(*) FROM messages WHERE session_id IN ?", ids).Scan(&removed.Messages).Error
		if err != nil {
			return Removed{}, fmt.Errorf("count messages: %w", err)
		}
	}
	if err := deleteSessions(tx, d, ids); err != nil {
		return Removed{}, err
	}
	gone := tx.Exec("DELETE FROM notifications WHERE call_id IN ?", callIDs)
	if gone.Error != nil {
		return Removed{}, fmt.Errorf("delete notifications: %w", gone.Error)
	}
	removed.Notifications = int(gone.RowsAffected)
	return removed, nil
}

// removeQuarantined removes what the removal chooses from quarantine.
func (s *Store) removeQuarantined(ctx context.Context, r removal, removed *Removed) error {
	return s.chooseQuarantined(ctx, r, func(ids []int64) error {
		var deleted int64
		held, err := s.removeStep(ctx, r, func(tx *gorm.DB) error {
			gone := tx.Exec("DELETE FROM notifications WHERE id IN ? AND outcome IN ?", ids, inQuarantine())
			deleted = gone.RowsAffected
			return gone.Error
		})
		if err != nil {
			return fmt.Errorf("delete from quarantine: %w", err)
		}
		removed.Notifications += int(deleted)
		return pacing.LeaveLock(ctx, held)
	})
}

// chooseQuarantined calls each with the numbers of what the removal chooses, some at a time.
func (s *Store) chooseQuarantined(ctx context.Context, r removal, each func(ids []int64) error) error {
	return s.quarantineBatches(ctx, withBody, inQuarantine(), 0, func(rows []*models.Notification) error {
		var ids []int64
		for _, n := range rows {
			chosen, err := r.quarantined(n)
			if err != nil {
				return fmt.Errorf("notification %d: %w", n.ID, err)
			}
			if chosen {
				ids = append(ids, n.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		return each(ids)
	})
}
