package models

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestReadTime(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{`"2025-04-15T06:41:00Z"`, "2025-04-15T06:41:00Z"},
		{`"2025-04-15t06:41:00z"`, "2025-04-15T06:41:00Z"},
		{`"2025-04-15 06:41:00Z"`, "2025-04-15T06:41:00Z"},
		{`" 2025-04-15T06:41:00Z\n"`, "2025-04-15T06:41:00Z"},
		{`"2025-04-15T06:41:00+07:00"`, "2025-04-14T23:41:00Z"},
		{`"2025-04-15T06:41:00-09:30"`, "2025-04-15T16:11:00Z"},
		{`"2016-12-31T23:59:60Z"`, "2017-01-01T00:00:00Z"},
		{`"2016-12-31T23:59:60.5+0000"`, "2017-01-01T00:00:00.5Z"},
		{`"2025-04-15T06:41:00.5Z"`, "2025-04-15T06:41:00.5Z"},
		{`"2025-04-15T06:41:00.123456789Z"`, "2025-04-15T06:41:00.123456Z"},
		{`"0001-01-01T00:00:00Z"`, "0001-01-01T00:00:00Z"},
		{`"9999-12-31T23:59:59.999999999Z"`, "9999-12-31T23:59:59.999999Z"},

		{`1744699269`, "2025-04-15T06:41:09Z"},
		{`"1744699269"`, "2025-04-15T06:41:09Z"},
		{`" 1744699269 "`, "2025-04-15T06:41:09Z"},
		{`1744699269.25`, "2025-04-15T06:41:09.25Z"},
		{`1.744699269e9`, "2025-04-15T06:41:09Z"},
		{`0`, "1970-01-01T00:00:00Z"},
		{`-1`, "1969-12-31T23:59:59Z"},
		{`-0.5`, "1969-12-31T23:59:59.5Z"},
		{`99999999999`, "5138-11-16T09:46:39Z"},
		{`100000000000`, "1973-03-03T09:46:40Z"},
		{`1744699269123`, "2025-04-15T06:41:09.123Z"},
		{`"1744699269123"`, "2025-04-15T06:41:09.123Z"},

		{`1744699269123456`, "2025-04-15T06:41:09.123456Z"},
		{`"1744699269123456"`, "2025-04-15T06:41:09.123456Z"},
		{`1744699269123456.9`, "2025-04-15T06:41:09.123457Z"},
		{`1744699269123.5`, "2025-04-15T06:41:09.1235Z"},
		{`9007199254740993`, "2255-06-05T23:47:34.740993Z"}, // which no float64 holds
		{`1e15`, "2001-09-09T01:46:40Z"},
		{`253402300799999`, "9999-12-31T23:59:59.999Z"},

		{`"2025-04-15T06:41:00+0800"`, "2025-04-14T22:41:00Z"},
		{`"2025-04-15 06:41:00.25-0330"`, "2025-04-15T10:11:00.25Z"},
		{`"2025-04-15T06:41:00"`, "2025-04-15T06:41:00Z"},
		{`"2025-04-15 06:41:00.5"`, "2025-04-15T06:41:00.5Z"},
		{`"+1744699269"`, "2025-04-15T06:41:09Z"},

		{``, ""},
		{`null`, ""},
		{`true`, ""},
		{`{}`, ""},
		{`[1744699269]`, ""},
		{`{"seconds":1744699269}`, ""},
		{`""`, ""},
		{`" "`, ""},
		{`"now"`, ""},
		{`"2025-04-15"`, ""},
		{`"2025-04-15T06:41:00,5Z"`, ""},
		{`"2025-04-15T06:41:00+8"`, ""},
		{`"2025-04-15T06:41:00 +0800"`, ""},
		{`"2025-04-15T06:41"`, ""},
		{`"0x1p30"`, ""},
		{`"0x67fdff05"`, ""},
		{`"1_744_699_269"`, ""},
		{`"1744699269,5"`, ""},
		{`"2025-02-30T06:41:00Z"`, ""},
		{`"2025-04-15T25:00:00Z"`, ""},
		{`"0000-12-31T00:00:00Z"`, ""},
		{`"0001-01-01T00:00:00+00:01"`, ""},
		{`"10000-01-01T00:00:00Z"`, ""},
		{`"9999-12-31T23:59:59-00:01"`, ""},
		{`"NaN"`, ""},
		{`"Inf"`, ""},
		{`"-Infinity"`, ""},
		{`1e400`, ""},
		{`-1e400`, ""},
		{`1e300`, ""},
		{`174469926912345`, "7498-09-24T20:35:12.345Z"}, // 15 digits are milliseconds
		{`17446992691234567`, ""},                       // 17 digits
		{`1744699269123456789`, ""},                     // nanoseconds
		{`-62135596801000`, ""},                         // the year 0
	} {
		got := ""
		if read := ReadTime(JSON(c.json)); read != nil {
			got = read.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("ReadTime(%s) is %q, want %q", c.json, got, c.want)
		}
	}
}

func FuzzTime(f *testing.F) {
	for _, seed := range []string{`1744699269`, `"2025-04-15T06:41:00Z"`, `1e400`, `"NaN"`, `-62135596800000`,
		`253402300799999`, `"9999-12-31t23:59:59.9999999-00:00"`, `0.9999999`, `{}`, `1744699269123456`,
		`"2025-04-15 06:41:00.5-0330"`, `"0x1p30"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read := ReadTime(text)
		if read == nil {
			return
		}
		if year := read.Year(); year < 1 || year > 9999 || read.Location() != time.UTC || read.Nanosecond()%1000 != 0 {
			t.Fatalf("ReadTime(%q) is %v", text, read)
		}
		var out bytes.Buffer
		read.MarshalGQL(&out)
		written := out.String()
		if again := ReadTime(JSON(written)); again == nil || !again.Equal(read.Time) {
			t.Fatalf("ReadTime(%q) is written as %s, which reads as %v", text, written, again)
		}
		if again := TimeOf(read.Time); again != *read {
			t.Fatalf("ReadTime(%q) is %v, kept as %v", text, read, again)
		}
	})
}

func TestTimeOfAGraphQLRequest(t *testing.T) {
	for _, c := range []struct {
		given any
		want  string // "" is an error
	}{
		{"2025-04-15T06:41:00Z", "2025-04-15T06:41:00Z"},
		{"2025-04-15T06:41:00.000000001+07:00", "2025-04-14T23:41:00.000000001Z"},
		{"2025-04-15t06:41:00z", "2025-04-15T06:41:00Z"},
		{"2025-04-15T06:41:00,5Z", ""},
		{"2025-04-15T06:41:00", ""},
		{"2025-04-15T06:41:00+0800", ""},
		{"2025-04-15", ""},
		{"", ""},
		{strings.Repeat("x", 1000), ""},
		{int64(1744699269), ""},
		{nil, ""},
	} {
		var got Time
		err := got.UnmarshalGQL(c.given)
		if (err != nil) != (c.want == "") {
			t.Errorf("%v: error %v", c.given, err)
		} else if err != nil && len(err.Error()) > 200 {
			t.Errorf("the error of a long value is long itself: %s", err)
		} else if err == nil && got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%v reads as %v, want %s", c.given, got, c.want)
		}
	}
}

func TestStartOfDay(t *testing.T) {
	for _, c := range []struct{ zone, date, want string }{
		{"UTC", "2025-03-30", "2025-03-30T00:00:00Z"},
		{"Asia/Kolkata", "2025-03-30", "2025-03-29T18:30:00Z"},
		{"Asia/Kathmandu", "2025-03-30", "2025-03-29T18:15:00Z"},
		{"Europe/Berlin", "2025-03-30", "2025-03-29T23:00:00Z"},
		{"Europe/Berlin", "2025-10-26", "2025-10-25T22:00:00Z"},
		{"Europe/Berlin", "2025-10-27", "2025-10-26T23:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // its clock starts at 01:00
		{"America/Sao_Paulo", "2018-11-05", "2018-11-05T02:00:00Z"},
		{"America/Havana", "2023-11-05", "2023-11-05T04:00:00Z"}, // has 00:00 twice
		{"America/Havana", "2023-03-12", "2023-03-12T05:00:00Z"}, // its clock starts at 01:00
		{"Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z"},
		{"Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z"},
		{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z"},
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"}, // the 30th never was
		{"Australia/Lord_Howe", "2025-04-06", "2025-04-05T13:00:00Z"},
		{"Australia/Lord_Howe", "2025-10-05", "2025-10-04T13:30:00Z"},
		{"America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z"}, // at 00:01 back to 23:01
		{"America/St_Johns", "2006-10-30", "2006-10-30T03:30:00Z"},
	} {
		zone := mustLoad(t, c.zone)
		date, err := time.Parse(time.DateOnly, c.date)
		if err != nil {
			t.Fatal(err)
		}
		got := StartOfDay(date.Year(), date.Month(), date.Day(), zone).UTC().Format(time.RFC3339)
		if got != c.want {
			t.Errorf("%s starts in %s at %s, want %s", c.date, c.zone, got, c.want)
		}
	}
}

func TestBucketStart(t *testing.T) {
	for _, c := range []struct {
		zone     string
		interval TimeInterval
		instant  string
		want     string
	}{
		{"UTC", EveryHour, "2025-04-15T06:41:09.5Z", "2025-04-15T06:00:00Z"},
		{"UTC", EveryDay, "2025-04-15T06:41:09.5Z", "2025-04-15T00:00:00Z"},
		{"UTC", EveryWeek, "2025-04-15T06:41:09.5Z", "2025-04-14T00:00:00Z"},
		{"UTC", EveryWeek, "2025-04-14T00:00:00Z", "2025-04-14T00:00:00Z"},
		{"UTC", EveryWeek, "2025-04-20T23:59:59Z", "2025-04-14T00:00:00Z"},
		{"UTC", EveryWeek, "2025-01-01T00:00:00Z", "2024-12-30T00:00:00Z"},
		{"UTC", EveryMonth, "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z"},
		{"UTC", EveryHour, "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z"},
		{"Asia/Kolkata", EveryHour, "2025-04-15T06:41:09Z", "2025-04-15T06:30:00Z"},
		{"Asia/Kolkata", EveryDay, "2025-04-15T18:29:59Z", "2025-04-14T18:30:00Z"},
		{"Asia/Kolkata", EveryMonth, "2025-04-30T18:30:00Z", "2025-04-30T18:30:00Z"},

		// 02:00 to 03:00 comes twice, and is two buckets.
		{"Europe/Berlin", EveryHour, "2025-10-26T00:59:00Z", "2025-10-26T00:00:00Z"},
		{"Europe/Berlin", EveryHour, "2025-10-26T01:59:00Z", "2025-10-26T01:00:00Z"},
		{"Europe/Berlin", EveryDay, "2025-10-26T22:59:59Z", "2025-10-25T22:00:00Z"},
		{"Europe/Berlin", EveryMonth, "2025-10-31T22:59:59Z", "2025-09-30T22:00:00Z"},
		{"Europe/Berlin", EveryWeek, "2025-10-26T22:59:59Z", "2025-10-19T22:00:00Z"},

		{"America/Sao_Paulo", EveryDay, "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", EveryHour, "2018-11-04T03:30:00Z", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", EveryDay, "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z"},
		{"America/Havana", EveryDay, "2023-11-05T04:30:00Z", "2023-11-05T04:00:00Z"},
		{"America/Havana", EveryDay, "2023-11-05T05:30:00Z", "2023-11-05T04:00:00Z"},
		{"America/Havana", EveryHour, "2023-11-05T05:30:00Z", "2023-11-05T05:00:00Z"},

		{"Pacific/Apia", EveryDay, "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z"},
		{"Pacific/Apia", EveryDay, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", EveryWeek, "2011-12-30T10:00:00Z", "2011-12-26T10:00:00Z"},

		// The clock moves by half an hour, in the middle of an hour.
		{"Australia/Lord_Howe", EveryHour, "2025-10-04T15:29:59Z", "2025-10-04T14:30:00Z"},
		// 02:45; the hour began at 02:30
		{"Australia/Lord_Howe", EveryHour, "2025-10-04T15:45:00Z", "2025-10-04T15:30:00Z"},
		{"Australia/Lord_Howe", EveryHour, "2025-04-05T14:45:00Z", "2025-04-05T14:00:00Z"},
		// 01:45 for the second time
		{"Australia/Lord_Howe", EveryHour, "2025-04-05T15:15:00Z", "2025-04-05T15:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339Nano, c.instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := BucketStart(at, c.interval, mustLoad(t, c.zone)).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s of %s in %s starts at %s, want %s", c.interval, c.instant, c.zone, got, c.want)
		}
	}
}

var zonesWithHistory = []string{
	"UTC", "Europe/Berlin", "Europe/Lisbon", "America/Sao_Paulo", "America/Havana", "America/St_Johns",
	"America/New_York", "America/Asuncion",
	"Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tehran", "Asia/Gaza",
	"Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Chatham", "Antarctica/Troll",
}

// A bucket holds its own start, and all of it has the local date and hour, week or
// month that it stands for.
func TestBucketStartOfAnyInstant(t *testing.T) {
	from, to := time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range zonesWithHistory {
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			zone := mustLoad(t, name)
			rng := rand.New(rand.NewPCG(1, uint64(len(name))))
			instants := aroundTransitions(zone, from, to)
			for range 1000 {
				instants = append(instants,
					time.UnixMicro(from.UnixMicro()+rng.Int64N(to.UnixMicro()-from.UnixMicro())))
			}
			failures := 0
			for _, at := range instants {
				for _, interval := range []TimeInterval{EveryHour, EveryDay, EveryWeek, EveryMonth} {
					if wrong := wrongBucket(at, interval, zone); wrong != "" && failures < 3 {
						failures++
						t.Errorf("%s of %s: %s", interval, at.In(zone).Format(time.RFC3339Nano), wrong)
					}
				}
			}
		})
	}
}

func wrongBucket(at time.Time, interval TimeInterval, zone *time.Location) string {
	start := BucketStart(at, interval, zone)
	local, localStart := at.In(zone), start.In(zone)
	switch again := BucketStart(start, interval, zone); {
	case start.After(at):
		return fmt.Sprintf("starts later, at %v", localStart)
	case !again.Equal(start):
		return fmt.Sprintf("starts at %v, which itself is of the bucket of %v", localStart, again.In(zone))
	case label(localStart, interval) != label(local, interval):
		return fmt.Sprintf("starts at %v, outside of it", localStart)
	}
	return ""
}

// label is what the clock of a bucket shows throughout.
func label(local time.Time, interval TimeInterval) string {
	switch interval {
	case EveryHour:
		return local.Format("2006-01-02 15")
	case EveryDay:
		return local.Format(time.DateOnly)
	case EveryWeek:
		year, week := local.ISOWeek()
		return strconv.Itoa(year) + "-" + strconv.Itoa(week)
	default:
		return local.Format("2006-01")
	}
}

// aroundTransitions are instants before, at and behind each change of a zone's clock.
func aroundTransitions(zone *time.Location, from, to time.Time) []time.Time {
	var instants []time.Time
	for at := from; at.Before(to); {
		_, next := at.In(zone).ZoneBounds()
		if next.IsZero() {
			break
		}
		for _, offset := range []time.Duration{-24 * time.Hour, -90 * time.Minute, -time.Microsecond, 0,
			time.Microsecond, 10 * time.Minute, 40 * time.Minute, 90 * time.Minute, 24 * time.Hour} {
			instants = append(instants, next.Add(offset))
		}
		at = next
	}
	return instants
}

func mustLoad(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
