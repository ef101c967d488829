package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// defaultUntil is the end of the sessions of New: tests mean the same ones every day.
var defaultUntil = time.Date(2025, time.June, 30, 0, 0, 0, 0, time.UTC)

// firstMonday is what weeks are counted from; any Monday would do.
var firstMonday = time.Date(2025, time.June, 30, 0, 0, 0, 0, time.UTC)

const (
	windowDays          = 90
	contactsPerLanguage = 2500
)

// Domains of fixed ids: what scramble is given beside a number, so that ids of different things differ.
const (
	workflowIDs uint64 = iota + 1
	nodetaskIDs
	wabaTaskIDs
	contactSeeds
)

// world is what all seeds share: databases filled with several seeds know the same campaigns and people.
type world struct {
	languages []language
	workflows []weighted[workflow]
}

type workflow struct {
	id, name  string
	number    int
	slug      string
	robotID   string
	subject   subject
	opening   int
	header    string
	languages []weighted[*language]
}

func newWorld() *world {
	w := &world{languages: languages()}
	for i := range w.languages {
		w.languages[i].number = i
	}
	w.workflows = []weighted[workflow]{
		{340, workflow{name: "Payment reminder", robotID: "4755", subject: money, header: "text"}},
		{190, workflow{name: "Delivery notice", robotID: "4802", subject: delivery, header: "image"}},
		{130, workflow{name: "Appointment confirmation", robotID: "4911", subject: visit}},
		{90, workflow{name: "Satisfaction survey", robotID: "5023", subject: opinion, header: "image"}},
		{80, workflow{name: "Product launch", robotID: "5077", subject: sales, header: "video"}},
		{50, workflow{name: "KYC verification", robotID: "4802", subject: identity, header: "file"}},
		{40, workflow{name: "Overdue installment", robotID: "4755", subject: money, opening: 1, header: "text"}},
		{30, workflow{name: "Loan offer", robotID: "5077", subject: sales, opening: 1}},
		{20, workflow{name: "0970_0415_1", robotID: "4911", subject: visit, opening: 1, header: "image"}},
		{15, workflow{name: "Return pick-up", robotID: "4802", subject: delivery, opening: 1}},
		{10, workflow{name: "售后回访 (NPS)", robotID: "5023", subject: opinion, opening: 1}},
		{5, workflow{name: "Win-back \"50% off\"", robotID: "5077", subject: identity, opening: 1, header: "image"}},
	}
	for i := range w.workflows {
		w.complete(&w.workflows[i].value, i)
	}
	return w
}

func (w *world) complete(f *workflow, number int) {
	f.id = hexID(scramble(workflowIDs, uint64(number)))
	f.number = number
	f.slug = strings.Map(slugRune, strings.ToLower(f.name))
	for i := range w.languages {
		spoken := &w.languages[i]
		if _, ok := spoken.subjects[f.subject]; ok {
			f.languages = append(f.languages, weighted[*language]{spoken.weight, spoken})
		}
	}
}

func slugRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return r
	case r == ' ' || r == '-' || r == '_':
		return '_'
	}
	return -1
}

// person is one contact: the same name, number and city in each of its sessions.
type person struct {
	callee string
	phone  string
	name   string
	city   city
	street string
}

// person returns the n-th speaker of a language.
func (l *language) person(n int) person {
	rng := rand.New(rand.NewPCG(scramble(contactSeeds<<32|uint64(l.code[0])<<8|uint64(l.code[1]), uint64(n))))
	p := person{
		// The factor is prime to the modulus, so numbers do not repeat; they do not look counted either.
		phone:  fmt.Sprintf("%s%07d", l.dial, (l.number*contactsPerLanguage+n+1)*7368787%10_000_000),
		name:   oneOf(rng, l.names),
		city:   oneOf(rng, l.cities),
		street: oneOf(rng, l.streets),
	}
	p.callee = p.phone
	if chance(rng, 6) {
		p.callee = scopedUserID(rng)
	}
	return p
}

// somebody picks a speaker; a few are picked often, most of them seldom.
func (l *language) somebody(rng *rand.Rand) person {
	u := rng.Float64()
	return l.person(int(u * u * contactsPerLanguage))
}

// scopedUserID invents a WhatsApp business-scoped user id, most of 20 digits, a few far longer.
func scopedUserID(rng *rand.Rand) string {
	blocks := 2
	if chance(rng, 10) {
		blocks = 13
	}
	var id strings.Builder
	id.WriteString("ID.")
	for range blocks {
		fmt.Fprintf(&id, "%010d", rng.Int64N(9_000_000_000)+1_000_000_000)
	}
	return id.String()
}
