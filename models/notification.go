package models

// Outcome says what became of a notification.
type Outcome string

// A notification was projected (it is its session, or was until a newer one came),
// or is in quarantine: it was no JSON object at all and was refused, or it lacks
// what a session needs.
const (
	Projected   Outcome = "projected"
	Quarantined Outcome = "quarantined"
	Refused     Outcome = "refused"
)

// Notification is a row of the ledger: one distinct body, byte for byte, and how
// often it arrived. Everything else that is kept can be made from these rows again.
type Notification struct {
	ID              int64   // in order of arrival
	SHA256          []byte  // of the body
	Body            []byte  // as sent, compressed with zstd
	BodySize        int     // bytes, before compression
	Sign            string  // the X-AIRudder-Sign that came with its first delivery
	CallID          *string // nil in quarantine
	Callee          *string // whose personal data the body is; nil in quarantine
	NotifiedAt      *Time   // its `timestamp`
	FirstReceivedAt Time
	LastReceivedAt  Time
	Deliveries      int
	Outcome         Outcome
	Reason          string // why it is in quarantine
	// EventSeq orders the moments at which a notification became its session: the
	// events of sessionStored. nil for one that never did.
	EventSeq *int64
}

// Projection is what one notification says, ready to be kept: a session without
// its ids and counts of deliveries, and the session's parts.
type Projection struct {
	Session       Session
	Messages      []Message
	NerSlots      []NamedValue
	EventLabels   []NamedValue
	Variables     []NamedValue
	Prompts       []Prompt
	PackedPrompts []byte // what is stored of Prompts
}

// Delivery is one arrival of a notification. Without a projection it goes into
// quarantine with its reason.
type Delivery struct {
	Body       []byte
	Sign       string
	ReceivedAt Time
	Projection *Projection
	Outcome    Outcome
	Reason     string
	// Imported is set for a row of another ledger: what that counted is taken over.
	Imported *ImportedCounters
}

// ImportedCounters is what another ledger counted of a notification.
type ImportedCounters struct {
	LastReceivedAt Time
	Deliveries     int
}
