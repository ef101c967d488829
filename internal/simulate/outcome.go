package simulate

// outcome is how a session goes, and what the vendor then says of it.
type outcome struct {
	play       func(*session)
	reasons    []weighted[string]
	intentions []weighted[string]
}

var outcomes = []weighted[outcome]{
	{36, outcome{
		play:    (*session).playWhole,
		reasons: []weighted[string]{{62, "robot"}, {30, "user"}, {7, "expire"}, {1, "error"}},
		intentions: []weighted[string]{{44, "A"}, {28, "B"}, {16, "C"}, {6, "D"}, {3, "E"},
			{2, "Call back later"}, {1, "要求回电"}},
	}},
	{17, outcome{
		play:       (*session).playBrief,
		reasons:    []weighted[string]{{58, "robot"}, {27, "user"}, {14, "expire"}, {1, "error"}},
		intentions: []weighted[string]{{30, "A"}, {30, "B"}, {22, "C"}, {10, "D"}, {6, "E"}, {2, "Wrong number"}},
	}},
	{18, outcome{
		play:       (*session).playHandOver,
		reasons:    []weighted[string]{{78, "agent"}, {14, "user"}, {7, "expire"}, {1, "error"}},
		intentions: []weighted[string]{{40, "A"}, {28, "B"}, {14, "C"}, {10, "要求回电"}, {5, "D"}, {3, "Complaint"}},
	}},
	{13, outcome{
		play:       (*session).playSilent,
		reasons:    []weighted[string]{{88, "expire"}, {8, "error"}, {4, "robot"}},
		intentions: []weighted[string]{{60, "E"}, {35, "F"}, {5, "D"}},
	}},
	{9, outcome{
		play:       (*session).playRefusal,
		reasons:    []weighted[string]{{60, "robot"}, {38, "user"}, {2, "error"}},
		intentions: []weighted[string]{{40, "D"}, {30, "Not interested"}, {20, "F"}, {10, "E"}},
	}},
	{7, inbound()},
}

// inbound is a session that the customer begins.
func inbound() outcome {
	return outcome{
		play:       (*session).playInbound,
		reasons:    []weighted[string]{{50, "robot"}, {42, "user"}, {8, "expire"}},
		intentions: []weighted[string]{{34, "A"}, {30, "B"}, {20, "C"}, {10, "D"}, {6, "E"}},
	}
}

// scenes are what the robot and the user do, one after another.
var scenes = []weighted[func(*session)]{
	{40, (*session).sceneTalk},
	{18, (*session).sceneChoice},
	{9, (*session).sceneTime},
	{8, (*session).sceneMenu},
	{12, (*session).sceneHandout},
	{9, (*session).sceneUpload},
	{5, (*session).scenePlace},
	{4, (*session).sceneReferral},
}

func (s *session) playWhole() {
	s.open()
	s.answerOpening(s.script.buttons[:1])
	s.playScenes(between(s.rng, 2, 5))
	for chance(s.rng, 78) && len(s.messages) < longestDialogue {
		s.playScenes(1)
	}
	s.part()
}

func (s *session) playBrief() {
	s.open()
	if answer := s.answerOpening(s.script.buttons); answer == s.script.buttons[0] {
		s.playScenes(1)
	} else {
		s.robotSays(text(oneOf(s.rng, s.language.acks)))
	}
	s.part()
}

func (s *session) playHandOver() {
	s.open()
	s.answerOpening(s.script.buttons)
	s.playScenes(between(s.rng, 0, 4))
	s.handOver()
	for range between(s.rng, 1, 7) {
		s.sceneAgent()
	}
	if s.reason == "expire" {
		s.expire()
		return
	}
	s.agentSays(text(s.language.agentEnd))
	s.thank(60)
	s.close()
}

// playSilent is an opening that nobody answers, until the session expires.
func (s *session) playSilent() {
	s.open()
	if chance(s.rng, 35) {
		s.wait(between(s.rng, 20*60, 6*60*60))
		s.newTurn()
		s.robotSays(text(s.language.reminder))
	}
	s.expire()
}

func (s *session) playRefusal() {
	s.open()
	s.answerOpening([]string{s.language.optOut})
	s.robotSays(text(oneOf(s.rng, s.language.acks)))
	s.part()
}

func (s *session) playInbound() {
	s.begin()
	s.userSays(text(oneOf(s.rng, s.language.inbound)))
	s.robotSays(text(oneOf(s.rng, s.language.greetings)))
	s.sceneMenu()
	s.playScenes(between(s.rng, 1, 5))
	s.part()
}

func (s *session) playScenes(count int) {
	for range count {
		if s.rich() {
			pick(s.rng, scenes)(s)
		} else {
			s.sceneTalk()
		}
	}
}

// rich tells whether the channel shows more than text.
func (s *session) rich() bool { return s.channel != "SMS" }
