package store

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store/dialect"
)

// filterSQL writes filters as SQL of a dialect.
type filterSQL struct {
	dialect.Dialect
	masks *masks // that the viewer sees; nil for one who sees personal data
}

// session is the filter as SQL over `sessions s`.
func (d filterSQL) session(f *models.SessionFilter) dialect.Predicate {
	if f == nil {
		return dialect.AlwaysTrue
	}
	parts := joined(f.And, f.Not, d.session)
	if f.Or != nil {
		parts = append(parts, d.alternatives(f.Or))
	}
	add := func(c dialect.Predicate) { parts = append(parts, c) }
	for _, text := range models.SessionTexts() {
		switch filter := text.Filter(f); {
		case filter == nil:
		case text.Column == "callee":
			add(d.maskedText("s.callee", "s.masked_callee", d.masks != nil, filter))
		default:
			add(d.text("s."+text.Column, filter))
		}
	}
	if f.EndReason != nil {
		add(dialect.In("s.end_reason", f.EndReason))
	}
	for _, at := range []struct {
		column string
		filter *models.TimeFilter
	}{
		{"s.started_at", f.StartedAt}, {"s.ended_at", f.EndedAt},
		{"s.received_at", f.ReceivedAt}, {"s.notified_at", f.NotifiedAt},
	} {
		if at.filter != nil {
			add(instant(at.column, at.filter))
		}
	}
	for _, number := range []struct {
		column string
		filter *models.IntFilter
	}{
		{"s.version", f.Version}, {"s.deliveries", f.Deliveries}, {"s.talk_round", f.TalkRound},
		{"s.duration_seconds", f.DurationSeconds}, {"s.message_count", f.MessageCount},
	} {
		if number.filter != nil {
			add(integer(number.column, number.filter))
		}
	}
	for _, m := range models.SessionMaps() {
		parts = append(parts, d.namedValues(m.Map, *m.Filters(f))...)
	}
	for _, fact := range []struct {
		column string
		wanted *bool
	}{{"s.engaged", f.Engaged}, {"s.handed_over", f.HandedOver}, {"s.abandoned", f.Abandoned}} {
		if fact.wanted != nil {
			add(dialect.Where(fact.column+" = ?", *fact.wanted))
		}
	}
	if f.Messages != nil {
		if words := messageSearchWords(f.Messages); len(words) > 0 {
			add(d.SearchSessions(words, d.masks.searchID()).Candidates)
		}
		add(d.SessionsWithMsgIDs(msgIDsOf(f.Messages)))
		add(dialect.Exists("messages m WHERE m.session_id = s.id", d.message(f.Messages)))
	}
	if f.Search != nil {
		if words := searchWords(*f.Search); len(words) > 0 {
			add(d.SearchSessions(words, d.masks.searchID()).Predicate())
		}
	}
	return dialect.AllOf(parts...)
}

// joined are the and and not of a filter.
func joined[F any](and []*F, not *F, sql func(*F) dialect.Predicate) []dialect.Predicate {
	parts := each(and, sql)
	if not != nil {
		parts = append(parts, sql(not).Not())
	}
	return parts
}

// msgIDsOf are the msg_ids of which a message has to have one to pass; ok is false where any will do.
func msgIDsOf(f *models.MessageFilter) (msgIDs []string, ok bool) {
	switch {
	case f == nil:
		return nil, false
	case f.MsgID != nil && f.MsgID.Eq != nil:
		return []string{*f.MsgID.Eq}, true
	case f.MsgID != nil && f.MsgID.In != nil:
		return f.MsgID.In, true
	}
	for _, sub := range f.And {
		if msgIDs, ok = msgIDsOf(sub); ok {
			return msgIDs, ok
		}
	}
	return nil, false
}

func each[F any](filters []F, sql func(F) dialect.Predicate) []dialect.Predicate {
	parts := make([]dialect.Predicate, len(filters))
	for i, f := range filters {
		parts[i] = sql(f)
	}
	return parts
}

const (
	// From so many alternatives on it is faster to collect the sessions that have one of
	// the entries than to look into each session for all of them.
	leastCollected = 8
	// SQLite joins at most 500 SELECTs.
	maxCollected = 400
)

// alternatives is any of the filters as SQL over `sessions s`.
func (d filterSQL) alternatives(filters []*models.SessionFilter) dialect.Predicate {
	var parts []dialect.Predicate
	var entries []dialect.Statement
	var entryFilters []*models.SessionFilter
	for _, f := range filters {
		if table, entry := onlyEntry(f); entry != nil {
			with := d.entryOf(table, entry)
			entries = append(entries,
				dialect.Select("SELECT v.session_id FROM "+string(table)+" v WHERE "+with.SQL, with.Args...))
			entryFilters = append(entryFilters, f)
		} else {
			parts = append(parts, d.session(f))
		}
	}
	if len(entries) < leastCollected {
		return dialect.AnyOf(append(parts, each(entryFilters, d.session)...))
	}

	for some := range slices.Chunk(entries, maxCollected) {
		var statements []string
		var args []any
		for _, entry := range some {
			statements = append(statements, entry.SQL)
			args = append(args, entry.Args...)
		}
		parts = append(parts, dialect.Where("s.id IN ("+strings.Join(statements, " UNION ALL ")+")", args...))
	}
	return dialect.AnyOf(parts)
}

// onlyEntry returns the entry that a filter requires, with its table; nil if the filter has other
// conditions.
func onlyEntry(f *models.SessionFilter) (table models.OpenMap, entry *models.NamedValueFilter) {
	rest := *f
	for _, m := range models.SessionMaps() {
		if filters := m.Filters(&rest); len(*filters) == 1 {
			table, entry = m.Map, (*filters)[0]
			*filters = nil
			break
		}
	}
	if entry == nil || entry.Exists != nil && !*entry.Exists || !reflect.DeepEqual(rest, models.SessionFilter{}) {
		return "", nil
	}
	return table, entry
}

// message is the filter as SQL over `messages m`.
func (d filterSQL) message(f *models.MessageFilter) dialect.Predicate {
	if f == nil {
		return dialect.AlwaysTrue
	}
	parts := joined(f.And, f.Not, d.message)
	if f.Or != nil {
		parts = append(parts, dialect.AnyOf(each(f.Or, d.message)))
	}
	add := func(c dialect.Predicate) { parts = append(parts, c) }
	if f.Position != nil {
		add(integer("m.position", f.Position))
	}
	if f.HasReply != nil {
		add(dialect.Where("m.has_reply = ?", *f.HasReply))
	}
	if f.SenderType != nil {
		add(dialect.In("m.sender_type", f.SenderType))
	}
	if f.Status != nil {
		add(dialect.In("m.status", f.Status))
	}
	if f.ContentType != nil {
		add(dialect.In("m.content_type", f.ContentType))
	}
	if f.MsgID != nil {
		add(d.text("m.msg_id", f.MsgID))
	}
	if f.SentAt != nil {
		// A message without a time is within no bound, and outside of it under `not`.
		if bounds := instant("m.sent_at", f.SentAt); bounds.SQL != dialect.AlwaysTrue.SQL {
			add(dialect.AllOf(dialect.Where("m.sent_at IS NOT NULL"), bounds))
		}
	}
	if f.Search != nil {
		if words := searchWords(*f.Search); len(words) > 0 {
			add(d.SearchMessages(words, d.masks.searchID()))
		}
	}
	return dialect.AllOf(parts...)
}

// namedValues is all of the filters over the entries of sessions s. Many of them count the
// entries that pass, of which a session has one of a name: a subquery for each filter would
// take the database longer to prepare than to answer.
func (d filterSQL) namedValues(table models.OpenMap, filters []*models.NamedValueFilter) []dialect.Predicate {
	if len(filters) < leastCollected {
		return each(filters, func(f *models.NamedValueFilter) dialect.Predicate { return d.namedValue(table, f) })
	}
	var names, absent []string
	byName := map[string][]dialect.Predicate{}
	for _, f := range filters {
		if f.Exists != nil && !*f.Exists {
			absent = append(absent, f.Name)
			if f.Value == nil && f.Number == nil {
				continue
			}
		}
		if byName[f.Name] == nil {
			names = append(names, f.Name)
		}
		if c := d.entryOf(table, f); f.Value != nil || f.Number != nil || byName[f.Name] == nil {
			byName[f.Name] = append(byName[f.Name], c)
		}
	}

	var parts []dialect.Predicate
	if len(names) > 0 {
		passes := dialect.AnyOf(each(names, func(name string) dialect.Predicate {
			return dialect.AllOf(byName[name]...)
		}))
		parts = append(parts, dialect.Where(fmt.Sprintf("(SELECT COUNT(*) FROM %s v"+
			" WHERE v.session_id = s.id AND (%s)) = %d", table, passes.SQL, len(names)), passes.Args...))
	}
	if len(absent) > 0 {
		parts = append(parts,
			dialect.Exists(string(table)+" v WHERE v.session_id = s.id", dialect.In("v.name", absent)).Not())
	}
	return parts
}

func (d filterSQL) namedValue(table models.OpenMap, f *models.NamedValueFilter) dialect.Predicate {
	var parts []dialect.Predicate
	entry := string(table) + " v WHERE v.session_id = s.id"
	if f.Exists == nil || *f.Exists || f.Value != nil || f.Number != nil {
		parts = append(parts, dialect.Exists(entry, d.entryOf(table, f)))
	}
	if f.Exists != nil && !*f.Exists {
		parts = append(parts, dialect.Exists(entry, dialect.Where("v.name = ?", f.Name)).Not())
	}
	return dialect.AllOf(parts...)
}

// entryOf is what an entry v has to pass that a filter asks for.
func (d filterSQL) entryOf(table models.OpenMap, f *models.NamedValueFilter) dialect.Predicate {
	parts := []dialect.Predicate{dialect.Where("v.name = ?", f.Name)}
	isMasked := d.masks.masksEntry(table, f.Name)
	switch {
	case f.Value == nil:
	case !table.IsMasked():
		parts = append(parts, d.text("v.value", f.Value))
	default:
		parts = append(parts, d.maskedText("v.value", "v.masked_value", isMasked, f.Value))
	}
	switch {
	case f.Number == nil:
	case isMasked: // since the operation began: a subscription goes on when the names change
		parts = append(parts, dialect.AlwaysFalse)
	default:
		parts = append(parts, dialect.Where("v.number IS NOT NULL"), number("v.number", f.Number))
	}
	return dialect.AllOf(parts...)
}

// maskedText is the filter as SQL over a text that is masked for some. A viewer who sees masks asks for what they see,
// the others for the text or for pseudonyms.
func (d filterSQL) maskedText(column, masked string, isMasked bool, f *models.StringFilter) dialect.Predicate {
	switch {
	case isMasked:
		return d.text(masked, f)
	case d.masks != nil:
		return d.text(column, f)
	}
	rest := *f
	var parts []dialect.Predicate
	if f.Eq != nil && mask.WellFormed(*f.Eq) {
		rest.Eq = nil
		parts = append(parts, d.either(column, masked, []string{*f.Eq}, []string{*f.Eq}))
	}
	if pseudonyms := wellFormed(f.In); len(pseudonyms) > 0 {
		rest.In = nil
		parts = append(parts, d.either(column, masked, f.In, pseudonyms))
	}
	if f.Ne != nil && mask.WellFormed(*f.Ne) {
		parts = append(parts, d.oneOf(masked, []string{*f.Ne}).Not())
	}
	if pseudonyms := wellFormed(f.NotIn); len(pseudonyms) > 0 {
		parts = append(parts, d.oneOf(masked, pseudonyms).Not())
	}
	return dialect.AllOf(append(parts, d.text(column, &rest))...)
}

func (d filterSQL) either(column, masked string, values, pseudonyms []string) dialect.Predicate {
	return dialect.AnyOf([]dialect.Predicate{d.oneOf(column, values), d.oneOf(masked, pseudonyms)})
}

func wellFormed(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !mask.WellFormed(text) })
}

// oneOf passes a column that has one of the values.
func (d filterSQL) oneOf(column string, values []string) dialect.Predicate {
	switch {
	case column == "v.value":
		return d.EntryValue(values)
	case len(values) == 1:
		return dialect.Where(column+" = ?", values[0])
	default:
		return dialect.In(column, values)
	}
}

func (d filterSQL) text(column string, f *models.StringFilter) dialect.Predicate {
	var parts []dialect.Predicate
	add := func(c dialect.Predicate) { parts = append(parts, c) }
	if f.Eq != nil {
		add(d.oneOf(column, []string{*f.Eq}))
	}
	if f.Ne != nil {
		add(dialect.Where(column+" <> ?", *f.Ne))
	}
	if f.In != nil {
		add(d.oneOf(column, f.In))
	}
	if len(f.NotIn) > 0 {
		add(dialect.In(column, f.NotIn).Not())
	}
	if f.Contains != nil {
		add(dialect.Where(d.Position(column)+" > 0", *f.Contains))
	}
	if f.StartsWith != nil {
		from, to, bounded := dialect.PrefixRange(*f.StartsWith)
		add(dialect.Where(column+" >= ?", from))
		if bounded {
			add(dialect.Where(column+" < ?", to))
		}
	}
	if f.EndsWith != nil && *f.EndsWith != "" {
		add(d.EndsWith(column, *f.EndsWith))
	}
	if f.EqIgnoreCase != nil {
		add(dialect.Where(d.CaseFolded(column)+" = ?", models.CaseFold(*f.EqIgnoreCase)))
	}
	if f.ContainsIgnoreCase != nil {
		add(dialect.Where(d.Position(d.CaseFolded(column))+" > 0", models.CaseFold(*f.ContainsIgnoreCase)))
	}
	return dialect.AllOf(parts...)
}

func integer(column string, f *models.IntFilter) dialect.Predicate {
	return compared(column, f.Eq, f.Ne, f.Gte, f.Gt, f.Lte, f.Lt)
}

func number(column string, f *models.FloatFilter) dialect.Predicate {
	return compared(column, f.Eq, f.Ne, f.Gte, f.Gt, f.Lte, f.Lt)
}

func compared[N int | float64](column string, eq, ne, gte, gt, lte, lt *N) dialect.Predicate {
	var parts []dialect.Predicate
	for _, bound := range []struct {
		operator string
		value    *N
	}{{"=", eq}, {"<>", ne}, {">=", gte}, {">", gt}, {"<=", lte}, {"<", lt}} {
		if bound.value != nil {
			parts = append(parts, dialect.Where(column+" "+bound.operator+" ?", *bound.value))
		}
	}
	return dialect.AllOf(parts...)
}

// instant compares whole microseconds with bounds that may be finer.
func instant(column string, f *models.TimeFilter) dialect.Predicate {
	var parts []dialect.Predicate
	for _, bound := range []struct {
		operator string
		value    *models.Time
		up       bool
	}{{">=", f.Gte, true}, {">", f.Gt, false}, {"<=", f.Lte, false}, {"<", f.Lt, true}} {
		if bound.value == nil {
			continue
		}
		micros := bound.value.UnixMicro()
		if bound.up && bound.value.Nanosecond()%int(time.Microsecond) != 0 {
			micros++
		}
		parts = append(parts, dialect.Where(column+" "+bound.operator+" ?", micros))
	}
	return dialect.AllOf(parts...)
}
