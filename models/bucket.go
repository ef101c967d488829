package models

import "time"

// BucketStart is the instant at which the bucket that holds t starts by the clock
// of zone. An hour that the clock repeats is two buckets.
func BucketStart(t time.Time, interval TimeInterval, zone *time.Location) time.Time {
	t = t.In(zone)
	year, month, day := t.Date()
	switch interval {
	case EveryHour:
		start := t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second -
			time.Duration(t.Nanosecond()))
		_, before := start.Zone()
		if _, now := t.Zone(); now != before { // the clock was changed within the hour
			changed, _ := t.ZoneBounds()
			return changed
		}
		return start
	case EveryWeek:
		day -= (int(t.Weekday()) + 6) % 7
	case EveryMonth:
		day = 1
	}
	return StartOfDay(year, month, day, zone)
}

// StartOfDay is the first instant of a date by the clock of zone, also where the
// clock skips midnight or has it twice.
func StartOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	start := time.Date(year, month, day, 0, 0, 0, 0, zone)
	want := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).YearDay()
	if start.YearDay() != want { // midnight is skipped, and the clock of before was read
		if _, end := start.ZoneBounds(); !end.IsZero() {
			return end.In(zone)
		}
	}
	begin, _ := start.ZoneBounds()
	if begin.IsZero() {
		return start
	}
	if hour, minute, second := start.Clock(); hour+minute+second > 0 { // midnight is skipped
		return begin.In(zone)
	}
	_, before := begin.Add(-time.Second).In(zone).Zone()
	_, now := start.Zone()
	earlier := start.Add(time.Duration(now-before) * time.Second)
	if earlier.Before(begin) && earlier.YearDay() == want {
		return earlier // midnight comes twice
	}
	return start
}
