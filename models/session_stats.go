package models

import "time"

// StatsQuery is a group-by over sessions.
type StatsQuery struct {
	Filter   *SessionFilter
	GroupBy  []SessionDimension
	NerSlot  *string // group by the value of this slot, too
	Interval *TimeInterval
	Zone     *time.Location // of the interval's clock
	First    *int
	// Measures are the columns of SessionStats to compute.
	Measures StatsMeasures
}

// StatsMeasures says which measures are asked for.
type StatsMeasures struct {
	Contacts, Messages, TalkRound, Duration bool
	Outcomes                                bool // EngagedCount, HandoverCount, AbandonedCount and DeflectedCount
	Waits                                   bool // WaitSeconds
	CallbackHours                           *int // CallbackCount of so many hours
}

// SessionStats is a row of a group-by. A dimension that is not grouped by is nil.
type SessionStats struct {
	Bucket                 *Time // the instant at which it starts
	Intention              *string
	WorkflowID             *string
	Channel                *string
	RobotID                *string
	EndReason              *SessionEndReason
	Status                 *string
	NerSlotValue           *string
	SessionCount           int
	ContactCount           int
	MessageCount           int
	AverageTalkRound       float64
	AverageDurationSeconds float64
	EngagedCount           int   // the customer sent a message
	HandoverCount          int   // a person was called in
	AbandonedCount         int   // the customer left while the robot waited for an answer
	DeflectedCount         int   // engaged, and no person was called in
	CallbackCount          int   // the customer came back within the hours
	WaitSeconds            []int // of the sessions that have them, the shortest first
}

// HandoverRate is HandoverCount as a fraction of all sessions, 0 where there are none.
func (s *SessionStats) HandoverRate() float64 { return ratio(s.HandoverCount, s.SessionCount) }

// DeflectionRate is the part of the engaged sessions in which no person was called in, 0 where none is engaged.
func (s *SessionStats) DeflectionRate() float64 { return ratio(s.DeflectedCount, s.EngagedCount) }

// MedianWaitSeconds is the median of WaitSeconds, nil where there are none.
func (s *SessionStats) MedianWaitSeconds() *float64 { return Median(s.WaitSeconds) }

// P90WaitSeconds is the smallest of WaitSeconds that at least nine in ten do not exceed, nil where there are none.
func (s *SessionStats) P90WaitSeconds() *float64 {
	n := len(s.WaitSeconds)
	if n == 0 {
		return nil
	}
	least := (9*n + 9) / 10 // nine in ten, rounded up
	p90 := float64(s.WaitSeconds[least-1])
	return &p90
}

// ratio is a part of a whole, 0 of nothing.
func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Median is the middle of sorted numbers: of an even number of them the mean of the two in the middle, nil of none.
func Median[N ~int | ~int64](sorted []N) *float64 {
	n := len(sorted)
	if n == 0 {
		return nil
	}
	median := (float64(sorted[(n-1)/2]) + float64(sorted[n/2])) / 2
	return &median
}
