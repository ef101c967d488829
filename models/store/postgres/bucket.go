package postgres

import (
	"strconv"
	"strings"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// Time zones repeat after 400 years, once the rules that lawmakers changed are
// over: their clocks are listed until a while behind that, and later times are
// taken back by whole such cycles.
var (
	clocksCycle = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - clocksRegular
	clocksEnd   = time.Date(2502, 1, 1, 0, 0, 0, 0, time.UTC)
)

var clocksRegular = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// clocks are the changes of a zone's clock as arrays of PostgreSQL, in
// microseconds: when they happen, the offsets from UTC in front of the first and
// behind each, and what the clock shows when they happen.
type clocks struct{ changes, offsets, shown string }

// clocksOf keeps what it lists, by name of the zone: listing one takes longer than using it.
func (d Dialect) clocksOf(zone *time.Location) clocks {
	if known, ok := d.zones.Load(zone.String()); ok {
		return known.(clocks)
	}
	listed := listClocks(zone)
	d.zones.Store(zone.String(), listed)
	return listed
}

func listClocks(zone *time.Location) clocks {
	var changes, offsets, shown []int64
	at := time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC).In(zone)
	_, offset := at.Zone()
	offsets = append(offsets, int64(offset)*1e6)
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || at.After(clocksEnd) {
			break
		}
		if !end.After(at) { // on the last day of a leap year, behind the last of the listed changes
			end = at.AddDate(0, 0, 1)
		}
		at = end
		_, offset := at.Zone()
		before, now := offsets[len(offsets)-1], int64(offset)*1e6
		if now == before { // the clock has another name only
			continue
		}
		changes = append(changes, at.UnixMicro())
		shown = append(shown, at.UnixMicro()+before)
		offsets = append(offsets, now)
	}
	return clocks{arrayOf(changes), arrayOf(offsets), arrayOf(shown)}
}

func arrayOf(numbers []int64) string {
	var out strings.Builder
	out.WriteByte('{')
	for i, n := range numbers {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(strconv.FormatInt(n, 10))
	}
	out.WriteByte('}')
	return out.String()
}

const (
	microsOfHour = "3600000000"
	microsOfDay  = "86400000000"
)

// Bucket is the start of a time bucket.
// The start of a bucket is worked out as BucketStart does it, by the program's own
// list of clock changes: the server's may be of another year.
//
// z are the lists, k the whole cycles that are taken off, c the time and the number
// of clock changes before it, l what the clock showed then.
func (d Dialect) Bucket(interval models.TimeInterval, zone *time.Location) (column, from dialect.Fragment) {
	known := d.clocksOf(zone)
	regular, cycle := strconv.FormatInt(clocksRegular, 10), strconv.FormatInt(clocksCycle, 10)
	from = dialect.Fragment{SQL: " CROSS JOIN (SELECT CAST(? AS BIGINT[]) AS changes," +
		" CAST(? AS BIGINT[]) AS offsets, CAST(? AS BIGINT[]) AS shown) z" +
		" CROSS JOIN LATERAL (SELECT CASE WHEN s.started_at < " + regular + " THEN 0 ELSE (s.started_at - " + regular +
		") / " + cycle + " * " + cycle + " END AS off) k" +
		" CROSS JOIN LATERAL (SELECT s.started_at - k.off AS at," +
		" width_bucket(s.started_at - k.off, z.changes) AS n) c" +
		" CROSS JOIN LATERAL (SELECT c.at + z.offsets[c.n + 1] AS shown) l",
		Args: []any{known.changes, known.offsets, known.shown}}
	if interval == models.EveryHour { // or when the clock was changed within the hour
		return dialect.Fragment{SQL: "GREATEST(z.changes[c.n], l.shown - " + modulo("l.shown", microsOfHour) +
			" - z.offsets[c.n + 1]) + k.off"}, from
	}
	day := "l.shown - " + modulo("l.shown", microsOfDay)
	switch interval {
	case models.EveryWeek: // the first Monday of 1970 is the 5th
		day = "l.shown - " + modulo("l.shown - 4 * "+microsOfDay, "(7 * "+microsOfDay+")")
	case models.EveryMonth:
		date := "(DATE '1970-01-01' + CAST((" + day + ") / " + microsOfDay + " AS INTEGER))"
		day = "(CAST(date_trunc('month', CAST(" + date + " AS TIMESTAMP)) AS DATE) - DATE '1970-01-01') * CAST(" +
			microsOfDay + " AS BIGINT)"
	}
	// The first instant of that date, also where midnight is skipped or comes twice:
	// by the clock in front of a change if that showed midnight before it.
	from.SQL += " CROSS JOIN LATERAL (SELECT " + day + " AS start) d CROSS JOIN LATERAL (SELECT" +
		" width_bucket(d.start, z.shown) AS n) f"
	return dialect.Fragment{SQL: "GREATEST(z.changes[f.n], d.start - z.offsets[f.n + 1]) + k.off"}, from
}

// modulo is the remainder that is never negative.
func modulo(sql, by string) string { return "(((" + sql + ") % " + by + " + " + by + ") % " + by + ")" }
