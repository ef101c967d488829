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
type StatsMeasures struct{ Contacts, Messages, TalkRound, Duration bool }

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
}
