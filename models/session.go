// Package models is the domain: sessions with their messages and named values as AIRudder's
// notifications have them, and the filters, orders and counts that are asked for.
package models

// Session is one conversation of a chatbot with a customer, as the newest of its notifications has
// it.
type Session struct {
	ID              int64 // the ledger id of its first notification
	NotificationID  int64 // the ledger id of the notification it was read from
	CallID          string
	WorkflowID      string
	WorkflowName    string
	NodeTaskID      string // nodetask_id
	NodeTaskName    string // nodetask_name
	WabaTaskID      string
	WfDetailUUID    string // wfdetail_uuid
	Channel         string
	ChannelID       string
	Callee          string
	RobotID         string
	Status          string
	StartedAt       Time // session_start_time
	EndedAt         Time // session_end_time
	DurationSeconds int  // whole seconds from StartedAt to EndedAt
	NotifiedAt      Time // timestamp
	ReceivedAt      Time // when its notification was first stored here
	EndReason       SessionEndReason
	Intention       string
	TalkRound       int
	MessageCount    int
	Version         int    // how many different notifications there were of it
	Deliveries      int    // how often it was sent, repeats included
	Projection      int    // the ProjectionVersion that it was made with
	CaseFolded      string // its texts without case, where the database needs them beside the texts
	MaskedCallee    string // what a viewer sees in place of Callee who sees masks
	Masks           int64  // the id of the masks that it was stored with
	SessionFacts
}
