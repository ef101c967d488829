package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// driftRow is an item of drift that a notification has.
type driftRow struct {
	id int64
	models.DriftItem
	receivedAt int64 // when the notification first arrived, in microseconds
}

// driftOf returns what of a body is not known, each item once, by number.
func (s *Store) driftOf(body models.JSON, outcome models.Outcome, receivedAt models.Time) []driftRow {
	if outcome == models.Refused {
		return nil
	}
	var rows []driftRow
	for _, item := range s.drift.Read(body) {
		rows = append(rows, driftRow{item.ID(), item, receivedAt.UnixMicro()})
	}
	slices.SortStableFunc(rows, func(a, b driftRow) int { return cmp.Compare(a.id, b.id) })
	return slices.CompactFunc(rows, func(a, b driftRow) bool { return a.id == b.id })
}

// DriftKinds returns the kinds of drift that the body has.
func (d *PreparedDelivery) DriftKinds() []models.DriftKind {
	var kinds []models.DriftKind
	for _, row := range d.drift {
		if !slices.Contains(kinds, row.Kind) {
			kinds = append(kinds, row.Kind)
		}
	}
	return kinds
}

func intoDriftNotifications() insertion {
	return insertInto("drift_notifications", "notification_id, drift_id, received_at")
}

// writeDrift stores drift by the number of the notification that has it, and returns the items that are new.
func writeDrift(
	tx *gorm.DB, d dialect.Dialect, drift map[int64][]driftRow,
) (added []models.DriftItem, err error) {
	type pair struct {
		notification int64
		driftRow
	}
	var pairs []pair
	written := map[int64]bool{}
	for _, notification := range slices.Sorted(maps.Keys(drift)) {
		for _, row := range drift[notification] {
			pairs = append(pairs, pair{notification, row})
			if written[row.id] {
				continue
			}
			written[row.id] = true
			result := tx.Exec("INSERT INTO drifts (id, kind, path, value) VALUES (?, ?, ?, ?)"+
				" ON CONFLICT (id) DO NOTHING", row.id, string(row.Kind), row.Path, row.Value)
			if result.Error != nil {
				return nil, fmt.Errorf("write drift: %w", result.Error)
			}
			if result.RowsAffected > 0 {
				added = append(added, row.DriftItem)
			}
		}
	}
	err = intoDriftNotifications().run(tx, d, len(pairs), func(i int, values []any) []any {
		return append(values, pairs[i].notification, pairs[i].id, pairs[i].receivedAt)
	})
	if err != nil {
		return nil, fmt.Errorf("write drift of notifications: %w", err)
	}
	return added, nil
}

// storedDrift reads the drift of notifications, of each by number. What lacks its item has an empty one.
func storedDrift(tx *gorm.DB, d dialect.Dialect, notifications []int64) (map[int64][]driftRow, error) {
	found := map[int64][]driftRow{}
	statement := dialect.Select("SELECT n.notification_id, n.drift_id, n.received_at, COALESCE(d.kind, ''),"+
		" COALESCE(d.path, ''), COALESCE(d.value, '') FROM drift_notifications n LEFT JOIN drifts d"+
		" ON d.id = n.drift_id WHERE n.notification_id IN ? ORDER BY n.notification_id, n.drift_id", notifications)
	err := eachRow(tx, d, statement, func(scan scanner) error {
		var notification int64
		var row driftRow
		err := scan(&notification, &row.id, &row.receivedAt, &row.Kind, &row.Path, &row.Value)
		found[notification] = append(found[notification], row)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read drift: %w", err)
	}
	return found, nil
}

// repairDrift makes the stored drift of notifications what it has to be. Those that were removed since they were read
// have none. It returns the items that are new.
func repairDrift(tx *gorm.DB, d dialect.Dialect, wanted map[int64][]driftRow) (added []models.DriftItem, err error) {
	stored, err := storedDrift(tx, d, slices.Collect(maps.Keys(wanted)))
	if err != nil {
		return nil, err
	}
	changed := map[int64][]driftRow{}
	var notifications, items []int64
	for notification, rows := range wanted {
		if slices.Equal(stored[notification], rows) {
			continue
		}
		changed[notification] = rows
		notifications = append(notifications, notification)
		for _, row := range stored[notification] {
			if row.ID() != row.id {
				items = append(items, row.id)
			}
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	var kept []int64
	if err := tx.Raw("SELECT id FROM notifications WHERE id IN ?", notifications).Scan(&kept).Error; err != nil {
		return nil, fmt.Errorf("read notifications with drift: %w", err)
	}
	maps.DeleteFunc(changed, func(id int64, _ []driftRow) bool { return !slices.Contains(kept, id) })
	if err := tx.Exec("DELETE FROM drift_notifications WHERE notification_id IN ?", notifications).Error; err != nil {
		return nil, fmt.Errorf("delete drift of notifications: %w", err)
	}
	if err := tx.Exec("DELETE FROM drifts WHERE id IN ?", items).Error; err != nil {
		return nil, fmt.Errorf("delete drift: %w", err)
	}
	return writeDrift(tx, d, changed)
}

// repairQuarantinedDrift makes the stored drift of notifications in quarantine what it has to be. Those whose bodies
// cannot be read are left as they are.
func (s *Store) repairQuarantinedDrift(ctx context.Context) error {
	quarantined := []models.Outcome{models.Quarantined}
	return s.quarantineBatches(ctx, withBody, quarantined, 0, func(rows []*models.Notification) error {
		wanted := make(map[int64][]driftRow, len(rows))
		for _, n := range rows {
			if body, err := s.unpackBody(n.Body); err == nil {
				wanted[n.ID] = s.driftOf(body, n.Outcome, n.FirstReceivedAt)
			}
		}
		var added []models.DriftItem
		err := dialect.RetryUnavailable(ctx, func() error {
			return s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) (err error) {
				added, err = repairDrift(tx, s.db, wanted)
				return err
			})
		})
		if err == nil {
			s.logDrift(ctx, added)
		}
		return err
	})
}

// unusedDrift are the ends of statements for drift that belongs to nothing.
func unusedDrift() []string {
	return []string{
		"FROM drift_notifications WHERE NOT EXISTS (SELECT 1 FROM notifications n WHERE n.id = notification_id)",
		"FROM drifts WHERE NOT EXISTS (SELECT 1 FROM drift_notifications n WHERE n.drift_id = drifts.id)",
	}
}

// removeUnusedDrift removes drift that belongs to nothing. It is looked for before the ledger is locked.
func (s *Store) removeUnusedDrift(ctx context.Context) error {
	for _, unused := range unusedDrift() {
		var found []int
		if err := s.read.WithContext(ctx).Raw("SELECT 1 " + unused + " LIMIT 1").Scan(&found).Error; err != nil {
			return fmt.Errorf("find drift without a notification: %w", err)
		}
		if len(found) == 0 {
			continue
		}
		err := s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) error {
			return tx.Exec("DELETE " + unused).Error
		})
		if err != nil {
			return fmt.Errorf("delete drift without a notification: %w", err)
		}
	}
	return nil
}

// verifyDrift reports notifications whose drift is stored as another than what they have, unless their sessions wait
// for an upgrade, which mends it.
func (s *Store) verifyDrift(tx *gorm.DB, wanted map[int64][]driftRow, report func(string)) error {
	stored, err := storedDrift(tx, s.db, slices.Collect(maps.Keys(wanted)))
	if err != nil {
		return err
	}
	var differ []int64
	for notification, rows := range wanted {
		if !slices.Equal(stored[notification], rows) {
			differ = append(differ, notification)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	var left []int64
	err = tx.Raw("SELECT n.id FROM notifications n WHERE n.id IN ? AND NOT EXISTS (SELECT 1 FROM sessions s"+
		" WHERE s.call_id = n.call_id AND s."+dialect.Outdated+") ORDER BY n.id", differ).Scan(&left).Error
	if err != nil {
		return fmt.Errorf("read drift: %w", err)
	}
	for _, notification := range left {
		report(fmt.Sprintf("notification %d: its drift differs from its body (replay mends it)", notification))
	}
	return nil
}

// visibleDrift passes what drift_notifications n has of the versions that the viewer sees.
func (s *Store) visibleDrift(ctx context.Context) (dialect.Predicate, error) {
	visible, rules := s.visibleSessions(ctx), versionRules(ctx)
	if rules.All() {
		return dialect.AlwaysTrue, nil
	}
	var hidden []string
	older := dialect.Select("SELECT v.id, v.body FROM sessions s JOIN notifications v ON v.call_id = s.call_id"+
		" AND v.id <> s.notification_id WHERE "+visible.SQL+
		" AND EXISTS (SELECT 1 FROM drift_notifications n WHERE n.notification_id = v.id)", visible.Args...)
	err := s.eachRow(ctx, older, func(scan scanner) error {
		var id int64
		var packed []byte
		if err := scan(&id, &packed); err != nil {
			return err
		}
		passes, err := s.passVersion(rules, packed)
		if !passes {
			hidden = append(hidden, strconv.FormatInt(id, 10))
		}
		return err
	})
	visible.SQL = "n.notification_id IN (SELECT v.id FROM sessions s" +
		" JOIN notifications v ON v.call_id = s.call_id WHERE " + visible.SQL + ")"
	if len(hidden) > 0 { // as they are: a statement has some thousand arguments at most
		visible.SQL += " AND n.notification_id NOT IN (" + strings.Join(hidden, ",") + ")"
	}
	return visible, err
}

// Drift reads what the viewer's notifications have that this program does not know, so much of it at most: what most
// of them have first, then by kind, path and value.
func (s *Store) Drift(ctx context.Context, first *int) ([]*models.Drift, error) {
	limit := models.MaxRows + 1
	if first != nil {
		limit = *first
	}
	visible, err := s.visibleDrift(ctx)
	if err != nil {
		return nil, fmt.Errorf("read drift: %w", err)
	}
	statement := dialect.Select("SELECT d.kind, d.path, d.value, g.notifications, g.first_seen, g.last_seen FROM"+
		" (SELECT n.drift_id, COUNT(*) AS notifications, MIN(n.received_at) AS first_seen,"+
		" MAX(n.received_at) AS last_seen FROM drift_notifications n WHERE "+visible.SQL+" GROUP BY n.drift_id) g"+
		" JOIN drifts d ON d.id = g.drift_id ORDER BY g.notifications DESC, d.kind, d.path, d.value LIMIT ?",
		append(slices.Clone(visible.Args), limit)...)
	found := []*models.Drift{}
	err = s.eachRow(ctx, statement, func(scan scanner) error {
		drift := &models.Drift{}
		found = append(found, drift)
		return scan(&drift.Kind, &drift.Path, &drift.Value, &drift.NotificationCount,
			(*timeColumn)(&drift.FirstSeenAt), (*timeColumn)(&drift.LastSeenAt))
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read drift: %w", err)
	case len(found) > models.MaxRows:
		return nil, models.InputErrorf("there are more than %d: ask for fewer with first", models.MaxRows)
	}
	return found, nil
}

// loggedDrift is how many new items of drift a process logs each; beyond it the second, the fourth and so on of them.
const loggedDrift = 100

// logDrift logs new items of drift by their kind alone: paths and values are the sender's words.
func (s *Store) logDrift(ctx context.Context, added []models.DriftItem) {
	for _, item := range added {
		if n := s.newDrift.Add(1); n <= loggedDrift || n&(n-1) == 0 {
			s.log.WarnContext(ctx, "AIRudder sent what this version does not know, the query drift says what",
				"kind", string(item.Kind))
		}
	}
}
