package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"sessiongraph/models"
	"sessiongraph/models/store/body"
	"sessiongraph/models/store/dialect"
)

// Hashes of msg_ids that one MATCH looks up.
const msgIDsOfMatch = 100

func (Dialect) SessionsWithMsgIDs(msgIDs []string, ok bool) dialect.Predicate {
	if !ok {
		return dialect.AlwaysTrue
	}
	if len(msgIDs) == 0 {
		return dialect.AlwaysFalse
	}
	var matches []string
	var args []any
	for some := range slices.Chunk(msgIDs, msgIDsOfMatch) {
		hashes := make([]string, len(some))
		for i, msgID := range some {
			hashes[i] = hashOfMsgID(msgID)
		}
		matches = append(matches, "SELECT rowid FROM session_msg_ids WHERE session_msg_ids MATCH ?")
		args = append(args, strings.Join(hashes, " OR "))
	}
	return dialect.Where("s.id IN ("+strings.Join(matches, " UNION ALL ")+")", args...)
}

// hashOfMsgID is the word by which the index has a msg_id. Messages are compared with the msg_id itself.
func hashOfMsgID(msgID string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(msgID))
	return "m" + strconv.FormatUint(uint64(h.Sum32()), 36) // no word is an operator of MATCH
}

// indexTextOf is what the indexes read of messages.
func indexTextOf(messages []models.Message) dialect.IndexText {
	var msgIDs strings.Builder
	for _, m := range messages {
		msgIDs.WriteString(hashOfMsgID(m.MsgID))
		msgIDs.WriteByte(' ')
	}
	return dialect.IndexText{Transcript: indexedText(transcript(messages)), MsgIDs: msgIDs.String()}
}

// Trigrams of a word that are looked up. The transcript is read for the rest, so that
// a long word that repeats itself costs no more than another.
const maxTrigrams = 16

// Reading a transcript takes about as long as finding so many candidates.
const transcriptCost = 16

// wordSeparator stands between the words of the functions: folded words can have spaces.
const wordSeparator = "\n"

// bodyOf reads the body of the notification that a session shows.
const bodyOf = "(SELECT n.body FROM notifications n WHERE n.id = s.notification_id)"

// bodyOfMessage is bodyOf for a message m.
const bodyOfMessage = "(SELECT n.body FROM sessions o JOIN notifications n ON n.id = o.notification_id WHERE o.id = m.session_id)"

func (Dialect) SearchMessages(words []string) dialect.Predicate {
	return dialect.Where("message_holds("+bodyOfMessage+", m.position, ?)", strings.Join(words, wordSeparator))
}

// A word of two characters and less is found as the start of trigrams: each text ends
// in separators, so that none is missed.
func (Dialect) SearchSessions(words []string) dialect.SessionSearch {
	var prefixes []dialect.Predicate
	var trigrams []string
	exact := true
	for _, word := range words {
		indexed := indexedText(word)
		runes := utf8.RuneCountInString(indexed)
		if runes > 3 || indexed != word || strings.ContainsRune(word, utf8.RuneError) {
			exact = false
		}
		if runes >= 3 {
			trigrams = append(trigrams, trigramsOf(indexed)...)
			continue
		}
		terms := dialect.Where("term >= ?", indexed)
		if from, to, bounded := dialect.PrefixRange(indexed); bounded {
			terms = dialect.Where("term >= ? AND term < ?", from, to)
		}
		prefixes = append(prefixes, dialect.Where("SELECT doc FROM session_search_runs WHERE "+terms.SQL, terms.Args...))
	}

	matches := prefixes
	if len(trigrams) > 0 {
		matches = append(matches, dialect.Where("SELECT rowid FROM session_search WHERE session_search MATCH ?", strings.Join(trigrams, " ")))
	}
	search := dialect.SessionSearch{
		Holds:  dialect.Where("transcript_holds("+bodyOf+", ?)", strings.Join(words, wordSeparator)),
		Exact:  exact,
		Common: isCommon(matches[len(matches)-1]),
	}
	candidates := make([]dialect.Predicate, len(matches))
	for i, match := range matches {
		candidates[i] = dialect.Where("s.id IN ("+match.SQL+")", match.Args...)
	}
	search.Candidates = dialect.AllOf(candidates...)
	return search
}

// isCommon compares a count with the bound where both ways take the same: collecting n
// candidates of N sessions takes n, filling a page in their order page × N/n transcripts.
func isCommon(match dialect.Predicate) dialect.Predicate {
	return dialect.Where(fmt.Sprintf("WITH b (bound) AS (SELECT 1 + CAST(sqrt(%d.0 * ? * COALESCE(MAX(id), 0)) AS INTEGER) FROM sessions)"+
		" SELECT bound <= (SELECT COUNT(*) FROM (%s LIMIT (SELECT bound FROM b))) FROM b", transcriptCost, match.SQL), match.Args...)
}

// replacedByIndex are characters that FTS5 reads as U+FFFD, and NUL, at which it would
// end a search. Texts that have one are told apart by looking at them.
const replacedByIndex = "\x00\uFFFE\uFFFF"

// indexedText is a text as the index has it.
func indexedText(s string) string {
	if !strings.ContainsAny(s, replacedByIndex) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(replacedByIndex, r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// trigramsOf are some of a word's different trigrams, evenly spread, each quoted for MATCH.
func trigramsOf(word string) []string {
	runes := []rune(word)
	seen := map[string]bool{}
	var all []string
	for i := 0; i+3 <= len(runes); i++ {
		trigram := string(runes[i : i+3])
		if !seen[trigram] {
			seen[trigram] = true
			all = append(all, `"`+strings.ReplaceAll(trigram, `"`, `""`)+`"`)
		}
	}
	if len(all) <= maxTrigrams {
		return all
	}
	some := make([]string, maxTrigrams)
	for i := range some {
		some[i] = all[i*(len(all)-1)/(maxTrigrams-1)]
	}
	return some
}

func (Dialect) IndexSessions(tx *gorm.DB, sessions []dialect.IndexedSession) error {
	for _, session := range sessions {
		for _, statement := range []struct{ sql, text string }{
			{"INSERT INTO session_search (rowid, transcript) VALUES (?, ?)", session.Transcript},
			{"INSERT INTO session_msg_ids (rowid, msg_ids) VALUES (?, ?)", session.MsgIDs},
		} {
			if _, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, statement.sql, session.ID, statement.text); err != nil {
				return fmt.Errorf("index session: %w", dialect.Translate(err, Dialect{}))
			}
		}
	}
	return nil
}

func (Dialect) UnindexSessions(tx *gorm.DB, ids []int64) error {
	for _, table := range []string{"session_search", "session_msg_ids"} {
		if err := tx.Exec("DELETE FROM "+table+" WHERE rowid IN ?", ids).Error; err != nil {
			return fmt.Errorf("remove sessions from the search index: %w", err)
		}
	}
	return nil
}

func (Dialect) IndexDifferences() []dialect.Difference {
	return []dialect.Difference{
		{SQL: "SELECT call_id FROM sessions WHERE NOT (" + dialect.Outdated + ") AND id NOT IN (SELECT id FROM session_search_docsize)", Message: "session %s: search does not know it"},
		{SQL: "SELECT call_id FROM sessions WHERE NOT (" + dialect.Outdated + ") AND id NOT IN (SELECT id FROM session_msg_ids_docsize)", Message: "session %s: the index of msg_ids does not have it"},
		{SQL: "SELECT id FROM session_msg_ids_docsize WHERE id NOT IN (SELECT id FROM sessions)", Message: "the index of msg_ids has session number %s, which does not exist"},
		{SQL: "SELECT id FROM session_search_docsize WHERE id NOT IN (SELECT id FROM sessions)", Message: "the search index has session number %s, which does not exist"},
	}
}

// Transcripts that are kept at hand: one is looked at for each of its messages.
const (
	cachedTranscripts   = 256
	maxCachedTranscript = 64 << 10 // bytes
)

// transcripts reads the texts that search compares out of compressed bodies.
type transcripts struct {
	bodies *body.Codec
	seed   maphash.Seed
	recent *lru.Cache[uint64, []string]
}

// registerSearchFunctions adds transcript_holds(body, words) and message_holds(body, position, words): whether the
// texts of all messages together, or the one at a position, hold all the words, which are separated by wordSeparator.
func registerSearchFunctions(d *sqlite.Driver, bodies *body.Codec) error {
	recent, err := lru.New[uint64, []string](cachedTranscripts)
	if err != nil {
		return err
	}
	t := &transcripts{bodies, maphash.MakeSeed(), recent}
	return errors.Join(
		d.RegisterDeterministicScalarFunction("transcript_holds", 2, t.transcriptHolds),
		d.RegisterDeterministicScalarFunction("message_holds", 3, t.messageHolds),
	)
}

func (t *transcripts) transcriptHolds(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	texts, err := t.of(args[0])
	if err != nil {
		return nil, err
	}
	words, ok := args[1].(string)
	if !ok {
		return nil, errors.New("transcript_holds takes a body and words")
	}
	for word := range strings.SplitSeq(words, wordSeparator) {
		found := false
		for _, text := range texts {
			if found = strings.Contains(text, word); found {
				break
			}
		}
		if !found {
			return int64(0), nil
		}
	}
	return int64(1), nil
}

func (t *transcripts) messageHolds(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	texts, err := t.of(args[0])
	if err != nil {
		return nil, err
	}
	position, ok1 := args[1].(int64)
	words, ok2 := args[2].(string)
	if !ok1 || !ok2 {
		return nil, errors.New("message_holds takes a body, a position and words")
	}
	if position < 0 || position >= int64(len(texts)) {
		return int64(0), nil
	}
	for word := range strings.SplitSeq(words, wordSeparator) {
		if !strings.Contains(texts[position], word) {
			return int64(0), nil
		}
	}
	return int64(1), nil
}

// of are the texts of a compressed body's messages.
func (t *transcripts) of(compressed driver.Value) ([]string, error) {
	b, ok := compressed.([]byte)
	if !ok {
		return nil, errors.New("a session's body is missing")
	}
	key := maphash.Bytes(t.seed, b)
	if texts, known := t.recent.Get(key); known {
		return texts, nil
	}
	restored, err := t.bodies.Restore(nil, b)
	if err != nil {
		return nil, err
	}
	var texts []string
	size := 0
	for _, m := range models.ReadMessages(models.JSON(restored).Get("messages")) {
		texts = append(texts, m.Folded)
		size += len(m.Folded)
	}
	if size <= maxCachedTranscript {
		t.recent.Add(key, texts)
	}
	return texts, nil
}

// transcript is what the index reads of a session.
func transcript(messages []models.Message) string {
	var out strings.Builder
	for _, m := range messages {
		out.WriteString(m.Folded)
		out.WriteString(endOfMessage)
	}
	return out.String()
}

// Two separators behind each message: so every place in a text starts three characters.
const endOfMessage = "\n\n"
