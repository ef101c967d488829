package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// promptPlace is where a prompt stands.
type promptPlace struct {
	startedAt      int64 // of its session, in microseconds
	notificationID int64
	sessionID      int64
	position       int
}

// later reports whether a place is in a session that started later (of equals, was stored later), or stands there
// later.
func (p promptPlace) later(than promptPlace) bool {
	return cmp.Or(cmp.Compare(p.startedAt, than.startedAt), cmp.Compare(p.notificationID, than.notificationID),
		cmp.Compare(p.position, than.position)) > 0
}

// promptTally counts the prompts that are one.
type promptTally struct {
	key          uint64
	latest       promptPlace
	sent         [models.PromptAnswered + 1]int // by outcome
	sessions     int
	lastSession  int64
	microseconds []int64
	picks        map[uint64]*pickTally // by the key of the title
}

// pickTally counts the picks of one title of a prompt.
type pickTally struct {
	latest promptPlace
	count  int
}

func (t *promptTally) count() int {
	return t.sent[models.PromptSilent] + t.sent[models.PromptOffMenu] + t.sent[models.PromptAnswered]
}

// add counts a prompt. The prompts of one session are counted one after the other.
func (t *promptTally) add(p storedPrompt, at promptPlace) {
	if t.count() == 0 || at.later(t.latest) {
		t.latest = at
	}
	t.sent[p.outcome]++
	if t.lastSession != at.sessionID {
		t.lastSession = at.sessionID
		t.sessions++
	}
	if p.outcome != models.PromptAnswered {
		return
	}
	if p.microseconds >= 0 {
		t.microseconds = append(t.microseconds, p.microseconds)
	}
	pick := t.picks[p.picked]
	if pick == nil {
		if t.picks == nil {
			t.picks = map[uint64]*pickTally{}
		}
		pick = &pickTally{latest: at}
		t.picks[p.picked] = pick
	}
	pick.count++
	if at.later(pick.latest) {
		pick.latest = at
	}
}

// PromptStats counts prompts, and what was picked of them: the most frequent first, then by what they say. With first
// nil there is an error where they are too many.
func (s *Store) PromptStats(
	ctx context.Context, filter *models.SessionFilter, first *int,
) ([]*models.PromptStats, error) {
	if first != nil && *first == 0 {
		return nil, nil
	}
	tallies, err := s.tallyPrompts(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("count prompts: %w", err)
	}
	limit := len(tallies)
	switch {
	case first != nil:
		limit = min(limit, *first)
	case limit > maxRows(ctx):
		return nil, tooManyRows("prompts")
	}

	slices.SortFunc(tallies, func(a, b *promptTally) int {
		return cmp.Or(b.count()-a.count(), cmp.Compare(a.key, b.key))
	})
	shown := limit
	for shown > 0 && shown < len(tallies) && tallies[shown].count() == tallies[limit-1].count() {
		shown++ // which of those of one count are shown, their texts decide
	}
	rows, err := s.describePrompts(ctx, tallies[:shown])
	if err != nil {
		return nil, fmt.Errorf("read prompts: %w", err)
	}
	slices.SortStableFunc(rows, comparePrompts)
	return rows[:limit], nil
}

// tallyPrompts counts the prompts of the sessions that pass. Which are one, and which option was picked, is the same
// for viewers who see masks.
func (s *Store) tallyPrompts(ctx context.Context, filter *models.SessionFilter) ([]*promptTally, error) {
	c := s.filters(ctx).session(visible(ctx, filter))
	statement := dialect.Select("SELECT s.started_at, s.notification_id, s.id, p.prompts FROM sessions s"+
		" JOIN session_prompts p ON p.session_id = s.id WHERE NOT s."+dialect.Outdated+" AND ("+c.SQL+")", c.Args...)

	byKey := map[uint64]*promptTally{}
	var tallies []*promptTally
	err := s.eachRow(ctx, statement, func(scan scanner) error {
		var at promptPlace
		var stored []byte
		if err := scan(&at.startedAt, &at.notificationID, &at.sessionID, &stored); err != nil {
			return err
		}
		for len(stored) > 0 {
			prompt, others, err := nextPrompt(stored)
			if err != nil {
				return err
			}
			tally := byKey[prompt.key]
			if tally == nil {
				tally = &promptTally{key: prompt.key}
				byKey[prompt.key] = tally
				tallies = append(tallies, tally)
			}
			at.position = prompt.position
			tally.add(prompt, at)
			stored = others
		}
		return nil
	})
	return tallies, err
}

// describePrompts returns a row for each of the tallies.
func (s *Store) describePrompts(ctx context.Context, tallies []*promptTally) ([]*models.PromptStats, error) {
	places := make([]promptPlace, len(tallies))
	for i, t := range tallies {
		places[i] = t.latest
	}
	latest, err := s.promptsAt(ctx, places)
	if err != nil {
		return nil, err
	}

	rows := make([]*models.PromptStats, len(tallies))
	places = places[:0]
	for i, t := range tallies {
		rows[i] = t.row(latest[t.latest])
		for _, pick := range t.picks { // of titles that the latest does not have
			places = append(places, pick.latest)
		}
	}
	earlier, err := s.promptsAt(ctx, places)
	if err != nil {
		return nil, err
	}
	for i, t := range tallies {
		t.addEarlier(rows[i], earlier)
		for index, option := range rows[i].Options {
			option.Index, option.Share = index, float64(option.PickedCount)/float64(max(1, rows[i].AnsweredCount))
		}
	}
	return rows, nil
}

// row is the row of the tally, with the options of the prompt that was sent last. Their picks are taken out of the
// tally.
func (t *promptTally) row(latest shownPrompt) *models.PromptStats {
	row := &models.PromptStats{
		Kind: latest.Kind, Body: latest.Body, SentCount: t.count(), SessionCount: t.sessions,
		AnsweredCount: t.sent[models.PromptAnswered], OffMenuCount: t.sent[models.PromptOffMenu],
		SilentCount: t.sent[models.PromptSilent],
	}
	if latest.Kind == models.PromptTemplate {
		row.TemplateID, row.Name, row.Language = &latest.TemplateID, latest.Name, &latest.Language
	}
	slices.Sort(t.microseconds)
	if median := models.Median(t.microseconds); median != nil {
		seconds := *median / 1e6
		row.MedianAnswerSeconds = &seconds
	}
	for i := range latest.Options {
		option := optionStats(&latest.Options[i])
		key := textKey(latest.title(i))
		if pick := t.picks[key]; pick != nil {
			option.PickedCount = pick.count
			delete(t.picks, key)
		}
		row.Options = append(row.Options, option)
	}
	return row
}

func optionStats(o *models.ChosenOption) *models.PromptOptionStats {
	return &models.PromptOptionStats{Type: o.Type, Title: o.Title, Section: o.Section}
}

// addEarlier adds the options that were picked of earlier prompts and that the latest does not have.
func (t *promptTally) addEarlier(row *models.PromptStats, prompts map[promptPlace]shownPrompt) {
	var earlier []*models.PromptOptionStats
	for key, pick := range t.picks {
		prompt := prompts[pick.latest]
		at := 0
		for at < len(prompt.Options) && textKey(prompt.title(at)) != key {
			at++
		}
		if at == len(prompt.Options) {
			continue
		}
		option := optionStats(&prompt.Options[at])
		option.PickedCount = pick.count
		earlier = append(earlier, option)
	}
	slices.SortFunc(earlier, func(a, b *models.PromptOptionStats) int {
		return cmp.Or(b.PickedCount-a.PickedCount, strings.Compare(a.Title, b.Title))
	})
	row.Options = append(row.Options, earlier...)
}

// shownPrompt is a prompt as the viewer sees it.
type shownPrompt struct {
	*models.PromptContent
	clear *models.PromptContent // as it was sent
}

// title returns the title of an option as it was sent.
func (p shownPrompt) title(option int) string {
	if option < len(p.clear.Options) {
		return p.clear.Options[option].Title
	}
	return p.Options[option].Title
}

// promptsAt reads prompts as the viewer sees them.
func (s *Store) promptsAt(ctx context.Context, places []promptPlace) (map[promptPlace]shownPrompt, error) {
	bySession := make(map[int64][]promptPlace, len(places))
	ids := make([]int64, 0, len(places))
	for _, place := range places {
		if bySession[place.sessionID] == nil {
			ids = append(ids, place.sessionID)
		}
		bySession[place.sessionID] = append(bySession[place.sessionID], place)
	}
	found := make(map[promptPlace]shownPrompt, len(places))
	err := s.bodiesOf(ctx, ids, dialect.AlwaysTrue, func(row bodyRow) error {
		transcript, err := s.transcriptOf(ctx, row.sessionID, row.packed)
		if err != nil {
			return err
		}
		for _, place := range bySession[row.sessionID] {
			if found[place].PromptContent != nil || place.position >= len(transcript.messages) {
				continue
			}
			clear := transcript.messages[place.position].Prompt()
			found[place] = shownPrompt{transcript.message(place.position).Prompt(), clear}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		if found[place].PromptContent == nil || found[place].clear == nil {
			return nil, fmt.Errorf("session number %d: %w", place.sessionID, errPrompts)
		}
	}
	return found, nil
}

// comparePrompts orders prompts: the most frequent first, then by what they say.
func comparePrompts(a, b *models.PromptStats) int {
	if a.SentCount != b.SentCount {
		return b.SentCount - a.SentCount
	}
	return cmp.Or(
		strings.Compare(a.Body, b.Body), strings.Compare(string(a.Kind), string(b.Kind)),
		compareTexts(a.TemplateID, b.TemplateID), compareTexts(a.Language, b.Language),
		slices.CompareFunc(a.Options, b.Options, func(a, b *models.PromptOptionStats) int {
			return strings.Compare(a.Title, b.Title)
		}))
}

// compareTexts orders texts, nil last.
func compareTexts(a, b *string) int {
	switch {
	case a != nil && b != nil:
		return strings.Compare(*a, *b)
	case a == b:
		return 0
	case a == nil:
		return 1
	default:
		return -1
	}
}
