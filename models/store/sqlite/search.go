package sqlite

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gorm.io/gorm"
	"modernc.org/sqlite"

	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store/dialect"
)

// Hashes of msg_ids that one MATCH looks up.
const msgIDsOfMatch = 100

// SessionsWithMsgIDs passes the sessions that can hold a message of one of the msg_ids.
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

// joinWords are words as the functions take them: bytes, for the driver ends a text at its first NUL.
func joinWords(words []string) []byte { return []byte(strings.Join(words, wordSeparator)) }

// bodyOf reads the body of the notification that a session shows.
const bodyOf = "(SELECT n.body FROM notifications n WHERE n.id = s.notification_id)"

// ofMessage reads a column of the notification that the session of a message m shows.
const ofMessage = "(SELECT n.%s FROM sessions o JOIN notifications n ON n.id = o.notification_id" +
	" WHERE o.id = m.session_id)"

// SearchMessages passes the messages that hold all the words. The body is read for the first message of a session: to
// read it for each would take a time that grows with the square of a transcript's length.
func (Dialect) SearchMessages(words []string, masks int64) dialect.Predicate {
	call := masked("message_holds", masks) + "(" + fmt.Sprintf(ofMessage, "sha256") + ", m.position, ?"
	joined := joinWords(words)
	return dialect.Where("COALESCE("+call+"), "+call+", "+fmt.Sprintf(ofMessage, "body")+"))", joined, joined)
}

// masked is the name of a function of search for those who see masks.
func masked(function string, masks int64) string {
	if masks == 0 {
		return function
	}
	return "masked_" + function
}

// SearchSessions is how sessions are found that hold all the words.
// A word of two characters and less is found as the start of trigrams: each text ends
// in separators, so that none is missed.
func (Dialect) SearchSessions(words []string, masks int64) dialect.SessionSearch {
	var matches []dialect.Statement
	var trigrams []string
	exact := masks == 0
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
		matches = append(matches,
			dialect.Select("SELECT doc FROM session_search_runs WHERE "+terms.SQL, terms.Args...))
	}

	if len(trigrams) > 0 {
		matches = append(matches, dialect.Select("SELECT rowid FROM session_search WHERE session_search MATCH ?",
			strings.Join(trigrams, " ")))
	}
	search := dialect.SessionSearch{
		Holds:  dialect.Where(masked("transcript_holds", masks)+"("+bodyOf+", ?)", joinWords(words)),
		Exact:  exact,
		Common: isCommon(matches[len(matches)-1], len(trigrams) > 0),
	}
	candidates := make([]dialect.Predicate, len(matches))
	for i, match := range matches {
		candidates[i] = dialect.Where("s.id IN ("+match.SQL+")", match.Args...)
	}
	search.Candidates = dialect.AllOf(candidates...)
	return search
}

// Sessions that arrived last, by which a word is found to be common, and how many of them have to be candidates: then
// a page of 50 takes some 500 transcripts, however many sessions there are.
const (
	sampledSessions = 2000
	commonInSample  = sampledSessions / 10
)

// isCommon compares a count with the bound where both ways take the same: collecting n candidates of N sessions takes
// n, filling a page in their order page × N/n transcripts. A sample spares the count where it is large.
func isCommon(match dialect.Statement, sampled bool) dialect.Statement {
	sql := "WITH b (bound, newest) AS (SELECT 1 + CAST(sqrt(%d.0 * ? * COALESCE(MAX(id), 0)) AS INTEGER)," +
		" COALESCE(MAX(id), 0) FROM sessions) SELECT "
	args := match.Args
	if sampled {
		sql += fmt.Sprintf("%d <= (SELECT COUNT(*) FROM (%s AND rowid > (SELECT newest - %d FROM b))) OR ",
			commonInSample, match.SQL, sampledSessions)
		args = slices.Concat(args, args)
	}
	return dialect.Select(fmt.Sprintf(sql+"bound <= (SELECT COUNT(*) FROM (%s LIMIT (SELECT bound FROM b))) FROM b",
		transcriptCost, match.SQL), args...)
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

// IndexSessions adds sessions to the search index.
func (Dialect) IndexSessions(tx *gorm.DB, sessions []dialect.IndexedSession) error {
	for _, session := range sessions {
		for _, statement := range []struct{ sql, text string }{
			{"INSERT INTO session_search (rowid, transcript) VALUES (?, ?)", session.Transcript},
			{"INSERT INTO session_msg_ids (rowid, msg_ids) VALUES (?, ?)", session.MsgIDs},
		} {
			_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, statement.sql,
				session.ID, statement.text)
			if err != nil {
				return fmt.Errorf("index session: %w", dialect.Translate(err, Dialect{}))
			}
		}
	}
	return nil
}

// UnindexSessions removes sessions from the search index.
func (Dialect) UnindexSessions(tx *gorm.DB, ids []int64) error {
	for _, table := range []string{"session_search", "session_msg_ids"} {
		if err := tx.Exec("DELETE FROM "+table+" WHERE rowid IN ?", ids).Error; err != nil {
			return fmt.Errorf("remove sessions from the search index: %w", err)
		}
	}
	return nil
}

// IndexDifferences are queries for differences between sessions and the search index.
func (Dialect) IndexDifferences() []dialect.Difference {
	return []dialect.Difference{
		{SQL: "SELECT call_id FROM sessions WHERE NOT (" + dialect.Outdated + ") AND id NOT IN (SELECT id" +
			" FROM session_search_docsize)", Message: "session %s: it is not in the search index"},
		{SQL: "SELECT call_id FROM sessions WHERE NOT (" + dialect.Outdated + ") AND id NOT IN (SELECT id" +
			" FROM session_msg_ids_docsize)", Message: "session %s: the index of msg_ids does not have it"},
		{SQL: "SELECT id FROM session_msg_ids_docsize WHERE id NOT IN (SELECT id FROM sessions)",
			Message: "the index of msg_ids has session number %s, which does not exist"},
		{SQL: "SELECT id FROM session_search_docsize WHERE id NOT IN (SELECT id FROM sessions)",
			Message: "the search index has session number %s, which does not exist"},
	}
}

// Texts of transcripts that are kept at hand for searches of other words.
const (
	cachedTranscripts    = 256
	maxCachedTranscripts = 16 << 20 // bytes of all
	textOverhead         = 16       // bytes that a text takes beside its own
)

// Searches of which is kept which messages of a transcript they find: a search asks for each message.
const (
	cachedFound    = 16 << 10
	maxCachedFound = 16 << 20 // bytes of all
)

// Restorer restores the compressed bodies of the ledger.
type Restorer interface {
	// Restore appends the body to dst.
	Restore(dst, compressed []byte) ([]byte, error)
}

// transcripts reads the texts that search compares out of compressed bodies.
type transcripts struct {
	bodies  Restorer
	seed    maphash.Seed
	recent  *sizedCache[transcriptKey, []string]
	found   *sizedCache[foundKey, positions]
	scratch sync.Pool          // of *searchScratch
	masks   func() *mask.Masks // under which texts are compared; nil for texts as they are
	clear   *transcripts       // of texts as they are, where there are masks
}

// transcriptKey is a body by its hash, and the masks under which its texts are compared.
type transcriptKey struct {
	body  uint64
	masks *mask.Masks
}

func newTranscripts(bodies Restorer) (*transcripts, error) {
	recent, err1 := newSizedCache[transcriptKey, []string](cachedTranscripts, maxCachedTranscripts)
	found, err2 := newSizedCache[foundKey, positions](cachedFound, maxCachedFound)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("make caches of search: %w", err)
	}
	return &transcripts{bodies: bodies, seed: maphash.MakeSeed(), recent: recent, found: found}, nil
}

// registerSearchFunctions adds transcript_holds(body, words) and message_holds(sha256, position, words, body): whether
// the texts of all messages together, or the one at a position, hold all the words, which are separated by
// wordSeparator. Without a body message_holds is NULL where it is not at hand which messages hold them.
// Those whose names begin with masked_ compare texts under masks that leave a blank.
func registerSearchFunctions(d *sqlite.Driver, bodies Restorer, blank func() *mask.Masks) error {
	plain, err1 := newTranscripts(bodies)
	masked, err2 := newTranscripts(bodies)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	masked.masks, masked.clear = blank, plain
	const threeOrFour = -1 // which the driver has for any number
	return errors.Join(
		d.RegisterDeterministicScalarFunction("transcript_holds", 2, plain.transcriptHolds),
		d.RegisterScalarFunction("message_holds", threeOrFour, plain.messageHolds),
		d.RegisterScalarFunction("masked_transcript_holds", 2, masked.transcriptHolds),
		d.RegisterScalarFunction("masked_message_holds", threeOrFour, masked.messageHolds),
	)
}

func (t *transcripts) transcriptHolds(c *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if t.masks != nil { // what stands in a masked text stands in the clear one, and that is found out sooner
		if holds, err := t.clear.transcriptHolds(c, args); err != nil || holds == driver.Value(int64(0)) {
			return holds, err
		}
	}
	compressed, ok1 := args[0].([]byte)
	words, ok2 := args[1].([]byte)
	if !ok1 || !ok2 {
		return nil, errors.New("transcript_holds takes a body and words")
	}
	missing := strings.Split(string(words), wordSeparator)
	key := t.key(compressed)
	texts, known := t.recent.get(key)
	if !known {
		scratch, _ := t.scratch.Get().(*searchScratch)
		if scratch == nil {
			scratch = &searchScratch{}
		}
		defer t.scratch.Put(scratch)
		body, err := t.bodies.Restore(scratch.body[:0], compressed)
		if err != nil {
			return nil, err
		}
		if t.masks == nil && len(body) <= maxScannedBody {
			scratch.body = body
			return held(scratch.missing(body, missing)), nil
		}
		texts = t.read(key, body)
	}
	for _, text := range texts {
		missing = withoutHeld(missing, text)
	}
	return held(missing), nil
}

func held(missing []string) int64 {
	if len(missing) > 0 {
		return 0
	}
	return 1
}

// withoutHeld takes those words out that a text holds.
func withoutHeld(words []string, text string) []string {
	return slices.DeleteFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// maxScannedBody is the largest body, in bytes, of which messages are looked at one by one: what search reads of it is
// within its bound, however folding lengthens a text.
const maxScannedBody = 16 << 10

// searchScratch is memory that looking at a transcript uses again.
type searchScratch struct{ body, lower []byte }

// missing are the words that no message of a body holds.
func (s *searchScratch) missing(body models.JSON, words []string) []string {
	for message := range body.Get("messages").Items() {
		if s.cannotHold(message, words) {
			continue
		}
		if words = withoutHeld(words, models.SearchTextOf(message)); len(words) == 0 {
			break
		}
	}
	return words
}

// cannotHold reports that a message holds none of the words: its JSON is plain ASCII without escapes, and has none of
// them. Of such texts folding makes small letters, and no more.
func (s *searchScratch) cannotHold(message models.JSON, words []string) bool {
	s.lower = s.lower[:0]
	for _, c := range message {
		switch {
		case c >= utf8.RuneSelf || c == '\\':
			return false
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		s.lower = append(s.lower, c)
	}
	for _, word := range words {
		// A text of several JSON tokens is without the spaces between them.
		if strings.ContainsAny(word, `{}[]",:`) || bytes.Contains(s.lower, []byte(word)) {
			return false
		}
	}
	return true
}

var errMessageHolds = errors.New("message_holds takes the hash of a body, a position and words, then the body")

func (t *transcripts) messageHolds(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if len(args) < 3 {
		return nil, errMessageHolds
	}
	sha, ok1 := args[0].([]byte)
	position, ok2 := args[1].(int64)
	words, ok3 := args[2].([]byte)
	if !ok1 || len(sha) != sha256.Size || !ok2 || !ok3 {
		return nil, errMessageHolds
	}
	key := foundKey{body: [sha256.Size]byte(sha), words: string(words)}
	if t.masks != nil {
		key.masks = t.masks()
	}
	found, known := t.found.get(key)
	switch {
	case known:
	case len(args) == 3:
		return nil, nil
	default:
		texts, err := t.of(args[3])
		if err != nil {
			return nil, err
		}
		found = messagesWith(texts, strings.Split(key.words, wordSeparator))
		t.found.add(key, found, len(words)+len(found))
	}
	return found.has(position), nil
}

// of are the texts of a compressed body's messages.
func (t *transcripts) of(compressed driver.Value) ([]string, error) {
	b, ok := compressed.([]byte)
	if !ok {
		return nil, errors.New("a session's body is missing")
	}
	key := t.key(b)
	if texts, known := t.recent.get(key); known {
		return texts, nil
	}
	restored, err := t.bodies.Restore(nil, b)
	if err != nil {
		return nil, err
	}
	return t.read(key, restored), nil
}

func (t *transcripts) key(compressed []byte) transcriptKey {
	key := transcriptKey{body: maphash.Bytes(t.seed, compressed)}
	if t.masks != nil {
		key.masks = t.masks()
	}
	return key
}

// read reads the texts of a body's messages, and keeps them.
func (t *transcripts) read(key transcriptKey, body []byte) []string {
	var texts []string
	if key.masks != nil {
		texts = key.masks.SearchTexts(body)
	} else {
		for _, m := range models.ReadMessages(models.JSON(body).Get("messages")) {
			texts = append(texts, m.SearchText)
		}
	}
	all := strings.Join(texts, "")
	at := 0
	for i, text := range texts { // which may share the memory of the body
		texts[i] = all[at : at+len(text)]
		at += len(text)
	}
	t.recent.add(key, texts, len(all)+textOverhead*len(texts))
	return texts
}

// transcript is what the index reads of a session.
func transcript(messages []models.Message) string {
	var out strings.Builder
	for _, m := range messages {
		out.WriteString(m.SearchText)
		out.WriteString(endOfMessage)
	}
	return out.String()
}

// Two separators behind each message: so every place in a text starts three characters.
const endOfMessage = "\n\n"
