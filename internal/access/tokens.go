package access

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sessiongraph/models"
)

// minToken is the least number of characters of a token: a shorter one could be guessed.
const minToken = 16

// hashPrefix begins a token that the file has as its hash.
const hashPrefix = "sha256:"

// tokenHash is what tokens are compared by.
type tokenHash [sha256.Size]byte

// entry is a line of the tokens file.
type entry struct {
	hash   tokenHash
	hashed bool // the file has the hash, not the token
	viewer *models.Viewer
	until  time.Time // zero for no end
}

// Scopes are rights as a line of the tokens file has them.
type Scopes []models.Scope

// UnmarshalText reads a list that is comma separated.
func (s *Scopes) UnmarshalText(text []byte) (err error) {
	*s, err = parseScopes(strings.Split(string(text), ","))
	return err
}

// NewToken returns a new token, and its line for the tokens file.
func NewToken(scopes []models.Scope, name string) (token, line string) {
	token = "sg_" + rand.Text()
	hash := sha256.Sum256([]byte(token))
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = nameOf(scope)
	}
	line = hashPrefix + hex.EncodeToString(hash[:]) + " " + strings.Join(names, ",")
	if name != "" {
		line += " # " + name
	}
	return token, line
}

// CheckTokens returns the error of a tokens file, how many tokens it has, and whether it has only their hashes.
func CheckTokens(file []byte) (count int, hashed bool, err error) {
	entries, err := parseTokens(file)
	inClear := func(e entry) bool { return !e.hashed }
	return len(entries), err == nil && !slices.ContainsFunc(entries, inClear), err
}

// parseTokens reads the tokens file. Its errors name the line and what is wrong with it, but repeat nothing: whatever
// stands there may be a token.
func parseTokens(file []byte) ([]entry, error) {
	var entries []entry
	lineOf := map[tokenHash]int{}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(file, []byte("\uFEFF"))) {
		number++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		e, err := parseLine(text)
		if err == nil && lineOf[e.hash] > 0 {
			err = fmt.Errorf("the token of line %d again", lineOf[e.hash])
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		lineOf[e.hash] = number
		entries = append(entries, e)
	}
	return entries, nil
}

// parseLine reads TOKEN SCOPE[,SCOPE…] [workflow=ID,…] [robot=ID,…] [channel=NAME,…] [until=TIME] [# name].
func parseLine(line string) (entry, error) {
	isControl := func(r rune) bool { return r != '\t' && unicode.IsControl(r) }
	if !utf8.ValidString(line) || strings.ContainsFunc(line, isControl) {
		return entry{}, errors.New("invalid characters (want text in UTF-8)")
	}
	line, name := cutName(line)
	parts := strings.Fields(line)
	if len(parts) < 2 {
		return entry{}, errors.New("no scope (want TOKEN SCOPE[,SCOPE…])")
	}
	hash, err := parseToken(parts[0])
	if err != nil {
		return entry{}, err
	}
	scopes, err := parseScopes(strings.Split(parts[1], ","))
	if err != nil {
		return entry{}, err
	}

	hashed := strings.HasPrefix(parts[0], hashPrefix)
	e := entry{hash: hash, hashed: hashed, viewer: &models.Viewer{Name: name, Scopes: models.ImpliedScopes(scopes)}}
	given := map[string]bool{}
	for _, part := range parts[2:] {
		key, value, _ := strings.Cut(part, "=")
		if given[key] {
			return entry{}, fmt.Errorf("%s is given twice", key)
		}
		switch key {
		case "workflow":
			e.viewer.WorkflowIDs, err = parseValues(key, value)
		case "robot":
			e.viewer.RobotIDs, err = parseValues(key, value)
		case "channel":
			e.viewer.Channels, err = parseValues(key, value)
		case "until":
			if e.until, err = time.Parse(time.RFC3339, value); err != nil {
				err = errors.New("until is not a time (want e.g. 2026-12-31T00:00:00Z)")
			}
		default:
			err = errors.New("unknown key (want workflow=, robot=, channel= or until=)")
		}
		if err != nil {
			return entry{}, err
		}
		given[key] = true
	}
	return e, nil
}

// cutName parts a line from its name, which begins at a # after a blank.
func cutName(line string) (rest, name string) {
	for i, r := range line {
		if r == '#' && i > 0 && (line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i], strings.TrimSpace(line[i+1:])
		}
	}
	return line, ""
}

func parseToken(text string) (hash tokenHash, err error) {
	encoded, isHash := strings.CutPrefix(text, hashPrefix)
	switch decoded, err := hex.DecodeString(encoded); {
	case isHash && (err != nil || len(decoded) != len(hash)):
		return hash, errors.New("invalid hash of a token (want sha256: and 64 hexadecimal digits)")
	case isHash:
		return tokenHash(decoded), nil
	case utf8.RuneCountInString(text) < minToken:
		return hash, fmt.Errorf("the token is too short (want at least %d characters)", minToken)
	}
	return sha256.Sum256([]byte(text)), nil
}

// nameOf returns a scope as tokens and JWTs have it.
func nameOf(scope models.Scope) string { return strings.ToLower(string(scope)) }

// parseScopes reads scopes.
func parseScopes(names []string) ([]models.Scope, error) {
	all := models.Scopes()
	scopes := make([]models.Scope, len(names))
	for i, name := range names {
		at := slices.IndexFunc(all, func(s models.Scope) bool { return nameOf(s) == name })
		if at < 0 {
			return nil, errors.New("unknown scope (want read, pii, adhoc, admin or metrics)")
		}
		scopes[i] = all[at]
	}
	return scopes, nil
}

// parseValues reads a list of values, in which %20 is a blank.
func parseValues(key, list string) ([]string, error) {
	values := strings.Split(strings.ReplaceAll(list, "%20", " "), ",")
	if slices.Contains(values, "") {
		return nil, fmt.Errorf("empty value of %s (want %s=VALUE,…)", key, key)
	}
	return values, nil
}

// find returns the entry of a token, nil for an unknown one. The time that it takes depends on neither.
func find(entries []entry, token string) *entry {
	hash := tokenHash(sha256.Sum256([]byte(token)))
	var found *entry
	for i := range entries {
		if subtle.ConstantTimeCompare(entries[i].hash[:], hash[:]) == 1 {
			found = &entries[i]
		}
	}
	return found
}
