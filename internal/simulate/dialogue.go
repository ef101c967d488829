package simulate

import (
	"fmt"
	"strconv"
)

// userPauses are seconds until the user answers.
var userPauses = []weighted[[2]int]{
	{70, [2]int{3, 45}}, {22, [2]int{45, 300}}, {7, [2]int{300, 1800}}, {1, [2]int{3600, 4 * 3600}},
}

func (s *session) wait(seconds int) {
	s.now = min(s.now+int64(seconds), s.limit)
}

func (s *session) newTurn() {
	s.turn, s.turnSize = randomID(s.rng), 0
}

func (s *session) say(sender, id string, content any) {
	s.messages = append(s.messages, message{MsgID: id, SenderType: sender, Timestamp: s.now, Content: content})
}

func (s *session) systemSays(event, from, to string) {
	id := fmt.Sprintf("%d%09d", s.now, s.rng.IntN(1_000_000_000))
	s.say("system", id, systemContent{"system", systemEvent{event, from, to}})
}

func (s *session) robotSays(content any) {
	s.wait(s.rng.IntN(3))
	s.say("robot", s.turn+"-"+strconv.Itoa(s.turnSize), s.filled(content))
	s.turnSize++
}

func (s *session) agentSays(content any) {
	s.wait(between(s.rng, 4, 90))
	s.say("agent", randomID(s.rng), s.filled(content))
}

func (s *session) userSays(content any) {
	pause := pick(s.rng, userPauses)
	s.wait(between(s.rng, pause[0], pause[1]))
	s.say("user", randomID(s.rng), s.filled(content))
	s.answeredAt = len(s.messages) - 1
	if s.seat == "" {
		s.userTurns++
	}
	s.newTurn()
}

// userReplies is userSays to the message before.
func (s *session) userReplies(content any) {
	answered := len(s.messages) - 1
	s.userSays(content)
	s.messages[len(s.messages)-1].Reply = s.snapshot(s.messages[answered])
}

// snapshot names now and then a message that the session does not hold, as the vendor does.
func (s *session) snapshot(m message) *reply {
	if chance(s.rng, 25) {
		m.MsgID = randomID(s.rng)
	}
	return &reply{m.MsgID, m.SenderType, m.Timestamp, m.Content}
}

func (s *session) filled(content any) any {
	if t, ok := content.(textContent); ok {
		t.Text = s.fill.Replace(t.Text)
		return t
	}
	return content
}

func (s *session) begin() { s.systemSays("conversation.start", "", "") }

func (s *session) close() {
	s.wait(s.rng.IntN(20))
	s.systemSays("conversation.close", "", s.seat)
}

// open is the beginning of a campaign's session. A channel without templates gets the opening as a text.
func (s *session) open() {
	s.begin()
	if s.channel != "WhatsApp" {
		s.robotSays(text(s.script.openings[s.workflow.opening]))
		return
	}
	s.wait(s.rng.IntN(2))
	s.say("chatbot", randomID(s.rng), s.openingTemplate())
}

// answerOpening returns which of the answers the user has given.
func (s *session) answerOpening(answers []string) string {
	answer := oneOf(s.rng, answers)
	if s.channel == "WhatsApp" && chance(s.rng, 90) {
		s.userReplies(textContent{"button", answer})
	} else {
		s.userSays(text(answer))
	}
	return answer
}

// part ends a dialogue without an agent.
func (s *session) part() {
	if s.reason == "expire" {
		if s.rich() && chance(s.rng, 60) {
			s.askChoice() // which the user leaves unanswered
		}
		s.expire()
		return
	}
	s.robotSays(text(oneOf(s.rng, s.language.farewells)))
	s.thank(35)
	if chance(s.rng, 95) {
		s.close()
	}
}

// expire ends a dialogue because the user is gone.
func (s *session) expire() {
	s.wait(oneOf(s.rng, []int{30 * 60, 60 * 60, 4 * 60 * 60, 12 * 60 * 60}))
	if chance(s.rng, 80) {
		s.close()
	}
}

func (s *session) thank(percent float64) {
	if chance(s.rng, percent) {
		s.userSays(text(oneOf(s.rng, s.language.thanks)))
	}
}

func (s *session) acknowledge(percent float64) {
	if chance(s.rng, percent) {
		s.robotSays(text(oneOf(s.rng, s.language.acks)))
	}
}

func (s *session) sceneTalk() {
	exchange := s.script.talk[s.talks%len(s.script.talk)]
	s.talks++
	s.robotSays(text(exchange.ask))
	answer := text(oneOf(s.rng, exchange.answers))
	if chance(s.rng, 6) {
		s.userReplies(answer)
	} else {
		s.userSays(answer)
	}
	s.acknowledge(45)
}

func (s *session) sceneChoice() {
	s.choose(s.askChoice().answers)
}

func (s *session) askChoice() exchange {
	exchange := s.script.choices[s.choices%len(s.script.choices)]
	s.choices++
	s.robotSays(s.buttonPrompt(exchange))
	return exchange
}

func (s *session) sceneTime() {
	sections := make([]section, 0, len(s.language.days))
	for _, day := range s.language.days {
		// The same hours on each day: two rows of one title are no exception.
		sections = append(sections,
			section{day, []row{{title: "09:00–11:00"}, {title: "13:00–15:00"},
				{title: "17:00–19:00", description: s.facts.price}}})
	}
	if chance(s.rng, 60) {
		sections = sections[:1]
	}
	s.offer(s.language.askTime, sections)
}

func (s *session) sceneMenu() {
	s.offer(s.language.askHelp, s.language.menu)
}

func (s *session) offer(ask string, sections []section) {
	if !s.rich() {
		s.sceneTalk()
		return
	}
	s.robotSays(s.listPrompt(ask, sections))
	s.choose(titles(sections))
}

// choose has the user pick one of the options of the message before, or type something else.
func (s *session) choose(options []string) {
	if chance(s.rng, 6) {
		s.userSays(text(oneOf(s.rng, s.language.toAgent)))
	} else {
		s.userReplies(textContent{"interactive", s.fill.Replace(oneOf(s.rng, options))})
	}
	s.acknowledge(45)
}

func (s *session) sceneHandout() {
	s.robotSays(text(oneOf(s.rng, s.language.handouts)))
	for range between(s.rng, 1, 2) {
		s.robotSays(s.attachment(pick(s.rng, handouts)))
	}
	s.thank(70)
}

func (s *session) sceneUpload() {
	s.robotSays(text(oneOf(s.rng, s.language.askPhoto)))
	s.userSays(s.attachment(pick(s.rng, uploads)))
	s.acknowledge(70)
}

func (s *session) scenePlace() {
	s.robotSays(text(oneOf(s.rng, s.language.askPlace)))
	s.userSays(s.place())
	s.acknowledge(60)
}

func (s *session) sceneReferral() {
	s.robotSays(text(oneOf(s.rng, s.language.askContact)))
	s.userSays(s.referral())
	s.acknowledge(60)
}

func (s *session) handOver() {
	if chance(s.rng, 60) {
		s.userSays(text(s.language.toAgent[0]))
	}
	s.robotSays(text(s.language.handOver))
	s.transfer()
	if chance(s.rng, 8) {
		s.transfer()
	}
	s.agentSays(text(s.language.agent[0]))
}

func (s *session) transfer() {
	s.wait(between(s.rng, 2, 240))
	seat := strconv.Itoa(between(s.rng, 10401, 10424))
	s.systemSays("conversation.take_over", s.seat, seat)
	s.seat = seat
}

func (s *session) sceneAgent() {
	s.userSays(text(oneOf(s.rng, s.language.toAgent)))
	if s.rich() && chance(s.rng, 10) {
		s.userSays(s.attachment(pick(s.rng, uploads)))
	}
	s.agentSays(text(oneOf(s.rng, s.language.agent[1:])))
	if s.rich() && chance(s.rng, 10) {
		s.agentSays(s.attachment(pick(s.rng, handouts)))
	}
}
