package store

import (
	"bytes"
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

// packPrompts returns what is stored of a session's prompts, and the same as it is for viewers who see masks: nil
// where nothing differs. Values are those of the session's variables.
func packPrompts(prompts []models.Prompt, values *mask.Values, masker *mask.Masker) (clear, masked []byte) {
	for i := range prompts {
		p := &prompts[i]
		stored := storedPrompt{position: p.Position, outcome: p.Outcome, microseconds: -1}
		if p.Microseconds != nil {
			stored.microseconds = *p.Microseconds
		}
		hidden := stored
		stored.key, hidden.key = promptKeys(&p.PromptContent, values, masker)
		if p.Outcome == models.PromptAnswered {
			title := p.Options[p.Picked].Title
			stored.picked, hidden.picked = textKey(title), textKey(masker.Text(title))
		}
		clear, masked = stored.append(clear), hidden.append(masked)
	}
	if bytes.Equal(clear, masked) {
		return clear, nil
	}
	return clear, masked
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

// promptKeys returns the keys of a prompt for a viewer who sees personal data, and for one who sees masks. Prompts are
// one where kind, template and language are equal, or else kind, body but for the values, and titles.
func promptKeys(p *models.PromptContent, values *mask.Values, masker *mask.Masker) (clear, masked uint64) {
	if p.Kind == models.PromptTemplate {
		key := keyOf([]string{string(p.Kind)}, []string{p.TemplateID, p.Language})
		return key, key
	}
	body, maskedBody := masker.Parts(p.Body, values)
	titles := make([]string, len(p.Options))
	maskedTitles := make([]string, len(p.Options))
	same := maskedBody == nil
	for i := range p.Options {
		titles[i] = p.Options[i].Title
		maskedTitles[i] = masker.Text(titles[i])
		same = same && maskedTitles[i] == titles[i]
	}
	clear = keyOf([]string{string(p.Kind)}, body, titles)
	if same {
		return clear, clear
	}
	if maskedBody == nil {
		maskedBody = body
	}
	return clear, keyOf([]string{string(p.Kind)}, maskedBody, maskedTitles)
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
