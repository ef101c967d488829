package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"sessiongraph/models"
	"sessiongraph/models/mask"
)

// storedPrompt is what is stored of a prompt of a session. Texts are told apart by hashes; they themselves are read
// from the ledger.
type storedPrompt struct {
	position     int
	outcome      models.PromptOutcome
	key          uint64 // of the prompts that are one
	picked       uint64 // of the title that was picked
	microseconds int64  // from the prompt to the pick, -1 where that is not known
}

// packPrompts returns what is stored of a session's prompts. Values are those of the session's variables.
func packPrompts(prompts []models.Prompt, values *mask.Values) (packed []byte) {
	for i := range prompts {
		p := &prompts[i]
		stored := storedPrompt{position: p.Position, outcome: p.Outcome, microseconds: -1,
			key: promptKey(&p.PromptContent, values)}
		if p.Microseconds != nil {
			stored.microseconds = *p.Microseconds
		}
		if p.Outcome == models.PromptAnswered {
			stored.picked = textKey(p.Options[p.Picked].Title)
		}
		packed = stored.append(packed)
	}
	return packed
}

// variableValues are the values of a session's variables, as they are looked for in prompts.
func variableValues(variables []models.NamedValue) *mask.Values {
	values := make([]string, 0, len(variables))
	for i := range variables {
		if v := &variables[i]; v.JSON.Kind() != models.IsNull {
			values = append(values, v.Value)
		}
	}
	return mask.NewValues(values)
}

// promptKey returns the key of a prompt. Prompts are one where kind, template and language are equal, or else kind,
// body but for the values, and titles.
func promptKey(p *models.PromptContent, values *mask.Values) uint64 {
	kind := []string{string(p.Kind)}
	if p.Kind == models.PromptTemplate {
		return keyOf(kind, []string{p.TemplateID, p.Language})
	}
	titles := make([]string, len(p.Options))
	for i := range p.Options {
		titles[i] = p.Options[i].Title
	}
	return keyOf(kind, values.Parts(p.Body), titles)
}

// keyOf returns a hash of lists of texts.
func keyOf(lists ...[]string) uint64 {
	var encoded []byte
	for _, list := range lists {
		encoded = binary.AppendUvarint(encoded, uint64(len(list)))
		for _, text := range list {
			encoded = binary.AppendUvarint(encoded, uint64(len(text)))
			encoded = append(encoded, text...)
		}
	}
	sum := sha256.Sum256(encoded)
	return binary.BigEndian.Uint64(sum[:])
}

func textKey(text string) uint64 { return keyOf([]string{text}) }

// append appends the prompt as it is stored.
func (p *storedPrompt) append(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(p.position))
	to = append(to, byte(p.outcome))
	to = binary.BigEndian.AppendUint64(to, p.key)
	if p.outcome != models.PromptAnswered {
		return to
	}
	to = binary.BigEndian.AppendUint64(to, p.picked)
	return binary.AppendVarint(to, p.microseconds)
}

var errPrompts = errors.New("the prompts of a session cannot be read: replay makes them again")

// nextPrompt reads the first of the stored prompts, and returns the others.
func nextPrompt(from []byte) (p storedPrompt, others []byte, err error) {
	position, n := binary.Uvarint(from)
	if n <= 0 || len(from) < n+9 {
		return p, nil, errPrompts
	}
	p.position, p.outcome = int(position), models.PromptOutcome(from[n])
	p.key = binary.BigEndian.Uint64(from[n+1:])
	from = from[n+9:]
	if p.outcome != models.PromptAnswered {
		return p, from, nil
	}
	if len(from) < 8 {
		return p, nil, errPrompts
	}
	p.picked = binary.BigEndian.Uint64(from)
	if p.microseconds, n = binary.Varint(from[8:]); n <= 0 {
		return p, nil, errPrompts
	}
	return p, from[8+n:], nil
}
