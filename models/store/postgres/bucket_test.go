package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// PostgreSQL works out the buckets that BucketStart tells, for any time in any zone.
func TestPostgresBuckets(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	database, err := Open(t.Context(), Addresses{Primary: testdb.Postgres.Fresh(t)},
		dialect.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	for _, zone := range []string{
		"UTC", "Asia/Jakarta", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Europe/Berlin", "Europe/London",
		"Europe/Dublin", "Australia/Lord_Howe",
		"America/Sao_Paulo", "America/Havana", "America/Asuncion", "America/Santiago", "America/St_Johns",
		"Asia/Beirut", "Asia/Gaza", "Africa/Casablanca", "Africa/Cairo",
		"Africa/Monrovia", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Chatham", "Pacific/Kwajalein",
		"Antarctica/Troll", "America/Caracas", "Asia/Tehran",
		"Asia/Pyongyang", "America/Juneau", "Asia/Manila", "Europe/Amsterdam", "America/Nuuk",
		"Etc/GMT+12", "Etc/GMT-14",
	} {
		t.Run(zone, func(t *testing.T) { testPostgresBuckets(t, database, zone) })
	}
}

func testPostgresBuckets(t *testing.T, database dialect.Database, name string) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, uint64(len(name))))
	var times []int64
	between := func(from, to int) int64 {
		a, b := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(to, 1, 1, 0, 0, 0, 0,
			time.UTC).UnixMicro()
		return a + r.Int64N(b-a)
	}
	for range 300 {
		times = append(times, between(1, 10000), between(1850, 2110), between(2000, 2030))
	}
	for at := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC).In(zone); at.Year() < 2110; {
		_, end := at.ZoneBounds()
		if end.IsZero() {
			break
		}
		if !end.After(at) {
			end = at.AddDate(0, 0, 1)
		}
		at = end
		for _, near := range []time.Duration{-25 * time.Hour, -time.Hour, -20 * time.Minute, -time.Microsecond, 0, 1,
			time.Microsecond, 29 * time.Minute, time.Hour, 2 * time.Hour, 24 * time.Hour} {
			times = append(times, at.Add(near).UnixMicro())
		}
		if len(times) > 5000 {
			break
		}
	}
	times = append(times, time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC).UnixMicro(),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), -1, 0, 1)
	for _, interval := range []models.TimeInterval{models.EveryHour, models.EveryDay, models.EveryWeek,
		models.EveryMonth} {
		column, from := database.Bucket(interval, zone)
		type row struct{ StartedAt, Bucket int64 }
		var rows []row
		sql := fmt.Sprintf("SELECT s.started_at, %s AS bucket"+
			" FROM (SELECT unnest(CAST('%s' AS BIGINT[])) AS started_at) s%s", column.SQL, arrayOf(times), from.SQL)
		if err := database.Pools().Read.WithContext(context.Background()).Raw(sql,
			from.Args...).Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(times) {
			t.Fatalf("%d rows of %d", len(rows), len(times))
		}
		wrong := 0
		for _, row := range rows {
			at := time.UnixMicro(row.StartedAt)
			if want := models.BucketStart(at, interval, zone).UnixMicro(); row.Bucket != want {
				if wrong++; wrong < 5 {
					t.Errorf("%s of %s is %s, want %s", interval, at.In(zone), time.UnixMicro(row.Bucket).In(zone),
						time.UnixMicro(want).In(zone))
				}
			}
		}
	}
}
