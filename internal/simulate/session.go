package simulate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// longestDialogue leaves room for a closing and for odd messages below the 60 of the longest session.
const longestDialogue = 52

var channels = []weighted[string]{{91, "WhatsApp"}, {4, "Messenger"}, {3, "SMS"}, {2, "Web"}}

// hours is the daily rhythm, in UTC: most contacts live seven hours ahead.
var hours = [24]int{6, 9, 11, 12, 12, 9, 9, 11, 12, 12, 10, 8, 7, 6, 5, 4, 3, 2, 2, 1, 1, 1, 2, 3}

// weekdays is the weekly rhythm, from Sunday.
var weekdays = [7]int{3, 10, 10, 10, 10, 9, 6}

// session is one session while it is invented.
type session struct {
	rng      *rand.Rand
	world    *world
	workflow workflow
	language *language
	script   script
	person   person
	facts    facts
	fill     *strings.Replacer
	channel  string
	outcome  outcome
	reason   string

	start, now, limit int64

	messages   []message
	turn       string // what the ids of the robot's messages in one turn have in common
	turnSize   int
	seat       string // who has taken over
	userTurns  int
	talks      int
	choices    int
	answeredAt int // position of the user's last message
}

// facts are what the dialogue, the slots and the variables agree on.
type facts struct {
	amount  int
	price   string
	date    string
	order   string
	product string
}

func newSession(w *world, rng *rand.Rand, until time.Time) *session {
	s := &session{rng: rng, world: w, workflow: pick(rng, w.workflows), answeredAt: -1}
	s.language = pick(rng, s.workflow.languages)
	s.script = s.language.subjects[s.workflow.subject]
	s.person = s.language.somebody(rng)
	s.channel = pick(rng, channels)
	s.outcome = pick(rng, outcomes)
	s.reason = pick(rng, s.outcome.reasons)
	s.limit = until.Add(-time.Minute).Unix()
	s.start = min(randomStart(rng, until), s.limit)
	s.now = s.start
	s.talks, s.choices = rng.IntN(8), rng.IntN(8)
	s.messages = make([]message, 0, 24)
	s.inventFacts()
	s.newTurn()
	return s
}

// callbackPercent is how many customers come back by themselves, soon after the session of the notification before.
const callbackPercent = 4

// callBack makes s a session in which the customer of an earlier one comes back.
func (s *session) callBack(earlier *session) {
	s.workflow, s.language, s.script = earlier.workflow, earlier.language, earlier.script
	s.person, s.channel = earlier.person, earlier.channel
	s.outcome = inbound()
	s.reason = pick(s.rng, s.outcome.reasons)
	s.start = earlier.start + int64(between(s.rng, 2*60*60, 20*60*60))
	s.now = s.start
	s.inventFacts()
}

// randomStart follows the rhythm of the week and of the day.
func randomStart(rng *rand.Rand, until time.Time) int64 {
	for {
		second := rng.Int64N(windowDays * 24 * 60 * 60)
		start := until.AddDate(0, 0, -windowDays).Unix() + second
		at := time.Unix(start, 0).UTC()
		if rng.IntN(10) < weekdays[at.Weekday()] && rng.IntN(12) < hours[at.Hour()] {
			return start
		}
	}
}

func (s *session) inventFacts() {
	amount := between(s.rng, 25, 999)
	s.facts = facts{
		amount:  amount,
		price:   fmt.Sprintf(s.language.price, amount),
		date:    time.Unix(s.start, 0).UTC().AddDate(0, 0, between(s.rng, 1, 20)).Format(time.DateOnly),
		order:   fmt.Sprintf("ORD-%07d", s.rng.IntN(10_000_000)),
		product: oneOf(s.rng, s.language.products),
	}
	s.fill = strings.NewReplacer(
		"{name}", s.person.name, "{amount}", s.facts.price, "{date}", s.facts.date,
		"{order}", s.facts.order, "{product}", s.facts.product, "{city}", s.person.city.name)
}

// play has the dialogue happen.
func (s *session) play() {
	s.outcome.play(s)
	s.settleStatus()
}

// settleStatus leaves what the robot said after the user's last message unread now and then.
func (s *session) settleStatus() {
	for i := range s.messages {
		m := &s.messages[i]
		switch {
		case m.SenderType == "system":
			m.Status = "delivery"
		case i > s.answeredAt:
			m.Status = pick(s.rng, []weighted[string]{{50, "read"}, {35, "delivery"}, {15, "sent"}})
		default:
			m.Status = "read"
		}
	}
}

func (s *session) notification(callID string) notification {
	f := s.workflow
	week := weekOf(s.start)
	task := uint64(f.number)<<32 | uint64(uint32(-week))
	return notification{
		WorkflowID:       f.id,
		WorkflowName:     f.name,
		NodetaskID:       hexID(scramble(nodetaskIDs, task)),
		NodetaskName:     s.taskName(week),
		WabaTaskID:       hexID(scramble(wabaTaskIDs, task)),
		WfdetailUUID:     randomID(s.rng),
		Timestamp:        s.now + int64(between(s.rng, 0, 30)),
		Channel:          s.channel,
		ChannelID:        s.language.channelID,
		Callee:           s.person.callee,
		CallID:           callID,
		RobotID:          f.robotID,
		Status:           "closed",
		SessionStartTime: time.Unix(s.start, 0).UTC().Format(time.RFC3339),
		SessionEndTime:   time.Unix(s.now, 0).UTC().Format(time.RFC3339),
		SessionEndReason: s.reason,
		Intention:        pick(s.rng, s.outcome.intentions),
		TalkRound:        max(0, s.userTurns-s.rng.IntN(2)),
		NerSlots:         s.slots(),
		EventLabel:       s.labels(),
		Variables:        s.variables(),
		Messages:         s.messages,
	}
}

// weekOf counts weeks from the one before firstMonday.
func weekOf(at int64) int64 {
	const week = 7 * 24 * 60 * 60
	since := at - firstMonday.Unix()
	if since < 0 {
		since -= week - 1 // division rounds towards zero
	}
	return since/week + 1
}

func (s *session) taskName(week int64) string {
	monday := firstMonday.AddDate(0, 0, int(week-1)*7)
	return fmt.Sprintf("%s_%s_%s", s.workflow.slug, monday.Format("0102"), s.language.code)
}

var slotCounts = []weighted[int]{{20, 0}, {25, 1}, {22, 2}, {17, 3}, {10, 4}, {6, 5}}

func (s *session) slots() map[string]any {
	names := [...]string{"order_id", "amount", "date", "city", "product", "rating", "name", "phone", "time", "reason",
		"quantity", "email"}
	slots := make(map[string]any)
	for _, i := range s.rng.Perm(len(names))[:pick(s.rng, slotCounts)] {
		slots[names[i]] = s.slot(names[i])
	}
	return slots
}

func (s *session) slot(name string) string {
	switch name {
	case "order_id":
		return s.facts.order
	case "amount":
		return strconv.Itoa(s.facts.amount)
	case "date":
		return s.facts.date
	case "city":
		return s.person.city.name
	case "product":
		return s.facts.product
	case "rating":
		return strconv.Itoa(pick(s.rng, []weighted[int]{{40, 5}, {25, 4}, {15, 3}, {8, 2}, {12, 1}}))
	case "name":
		return s.person.name
	case "phone":
		return s.person.phone
	case "time":
		return fmt.Sprintf("%02d:00", between(s.rng, 8, 20))
	case "quantity":
		return strconv.Itoa(between(s.rng, 1, 12))
	case "email":
		return fmt.Sprintf("customer%d@example.com", s.rng.IntN(10_000))
	}
	return s.fill.Replace(oneOf(s.rng, oneOf(s.rng, s.script.talk).answers))
}

func (s *session) labels() map[string]any {
	labels := make(map[string]any)
	for range pick(s.rng, []weighted[int]{{35, 0}, {45, 1}, {20, 2}}) {
		labels[pick(s.rng, []weighted[string]{
			{60, "EventLabel"}, {12, "callback"}, {10, "promise_to_pay"}, {8, "opt_out"},
			{6, "handover"}, {4, "complaint"},
		})] = oneOf(s.rng, []string{"1", "1", "1", "0", "2"})
	}
	return labels
}

func (s *session) variables() map[string]any {
	variables := map[string]any{"name": s.person.name, "date": s.facts.date}
	for range s.rng.IntN(4) {
		switch s.rng.IntN(5) {
		case 0:
			variables["project"] = "voicebot"
		case 1:
			variables["amount"] = s.facts.price
		case 2:
			variables["order_id"] = s.facts.order
		case 3:
			variables["product"] = s.facts.product
		case 4:
			variables["branch"] = s.person.city.name
		}
	}
	return variables
}
