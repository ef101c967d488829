package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"

	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store/dialect"
)

// masking is how the store masks personal data for viewers who lack the scope PII.
type masking struct {
	key     mask.Key
	names   func() *mask.Names // of NER slots and variables whose values are shown
	texts   bool               // whether the texts that are searched are stored
	current atomic.Pointer[masks]
}

// masks are the masks of one list of names.
type masks struct {
	*mask.Masks
	blank *mask.Masks // for search
	// id is that of what is stored with these masks: it differs where the key does, or texts are stored and the names
	// differ. It is not 0.
	id int64
}

func newMasking(key []byte, names func() *mask.Names) *masking {
	if names == nil {
		names = func() *mask.Names { return nil }
	}
	return &masking{key: key, names: names}
}

// now returns the masks of the present names.
func (m *masking) now() *masks {
	names := m.names()
	if current := m.current.Load(); current != nil && current.Unmasked() == names {
		return current
	}
	made := &masks{mask.NewMasks(m.key, names), mask.NewMasks(nil, names), m.id(names)}
	m.current.Store(made)
	return made
}

func (m *masking) id(names *mask.Names) int64 {
	mac := hmac.New(sha256.New, m.key)
	_, _ = fmt.Fprintf(mac, "masks of version %d", mask.Version)
	if m.texts {
		_, _ = mac.Write([]byte("\x00" + strings.Join(names.List(), "\x00")))
	}
	return max(1, int64(binary.BigEndian.Uint64(mac.Sum(nil))>>1))
}

// blank returns the masks under which texts are searched.
func (m *masking) blank() *mask.Masks { return m.now().blank }

// masksOf returns the masks that the viewer of the context sees; nil for one who sees personal data.
func (s *Store) masksOf(ctx context.Context) *masks {
	if viewer := models.ViewerOf(ctx); viewer != nil && viewer.SeesMasks() {
		return s.masking.now()
	}
	return nil
}

// filters writes filters as SQL for the viewer of the context.
func (s *Store) filters(ctx context.Context) filterSQL { return filterSQL{s.db, s.masksOf(ctx)} }

// Pseudonym returns the pseudonym of a callee, which is the callee itself for a viewer who sees masks.
func (s *Store) Pseudonym(ctx context.Context, callee string) string {
	if s.masksOf(ctx) != nil {
		return callee
	}
	return s.masking.now().Callee(callee)
}

// Unmasked returns the names of NER slots and variables whose values everybody sees.
func (s *Store) Unmasked() *mask.Names { return s.masking.names() }

// complete fills what is stored beside a projection, and returns what the search index holds of it.
func (s *Store) complete(body []byte, p *models.Projection) dialect.IndexText {
	m := s.masking.now()
	if len(p.Prompts) > 0 {
		p.PackedPrompts = packPrompts(p.Prompts, variableValues(p.Variables))
	}
	values := m.Values(p.Session.Callee)
	p.Session.MaskedCallee, p.Session.Masks = values.Value(p.Session.Callee), m.id
	for _, named := range models.SessionMaps() {
		if !named.Map.IsMasked() {
			continue
		}
		entries := *named.Of(p)
		for i := range entries {
			entries[i].Masked = values.Entry(&entries[i])
		}
	}
	return s.db.Prepare(p, func() []string { return m.blank.SearchTexts(body) })
}

// calleeColumn is the column of sessions or contacts that has the callee as the viewer sees it.
func (m *masks) calleeColumn() string {
	if m == nil {
		return "callee"
	}
	return "masked_callee"
}

// entriesTable is the table of an open map's entries n, with the values that the viewer sees.
func (m *masks) entriesTable(of models.OpenMap) dialect.Fragment {
	if m == nil || !of.IsMasked() {
		return dialect.Fragment{SQL: string(of) + " n"}
	}
	value, args := "n.masked_value", []any(nil)
	if names := m.Unmasked().List(); len(names) > 0 {
		value = "CASE WHEN n.name IN (" + dialect.Placeholders(len(names)) + ") THEN n.value ELSE n.masked_value END"
		args = dialect.ToAny(names)
	}
	return dialect.Fragment{
		SQL: fmt.Sprintf("(SELECT n.session_id, n.name, %s AS value FROM %s n) n", value, of), Args: args,
	}
}

// masksEntry reports whether the viewer sees a pseudonym in place of an entry's value.
func (m *masks) masksEntry(of models.OpenMap, name string) bool {
	return m != nil && of.IsMasked() && !m.Unmasked().Has(name)
}

// searchID is the id of the masks under which texts are searched; 0 for none.
func (m *masks) searchID() int64 {
	if m == nil {
		return 0
	}
	return m.id
}
