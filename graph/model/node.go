package model

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"sessiongraph/models"
)

// Node is an object with a node id: a session, a message or a contact.
type Node interface {
	IsNode()
	ID() string
}

const (
	sessionNode = "session"
	messageNode = "message"
	contactNode = "contact"
)

// nodeID names a node by AIRudder's ids, so that it outlives the rows. A contact's is
// sealed, because it is a telephone number.
type nodeID struct {
	kind    string
	key     string // call_id, or callee
	msgID   string // of a message
	ordinal int    // of a message, among those of its session with that msg_id
}

func (n nodeID) String() string {
	text := append(make([]byte, 0, 128), n.kind...)
	text = append(text, ' ')
	if n.kind == messageNode {
		text = append(strconv.AppendInt(text, int64(n.ordinal), 10), ' ')
		text = append(strconv.AppendInt(text, int64(len(n.key)), 10), ' ')
	}
	text = append(append(text, n.key...), n.msgID...)
	return string(base64.RawURLEncoding.AppendEncode(make([]byte, 0, 192), text))
}

// contactID returns the sealed node id of a contact.
func (c *Codec) contactID(callee string) string {
	return c.seal(sealedContact, appendPadded(nil, callee))
}

// parseNodeID reads the result of contactID or String; anything else is invalid.
func (c *Codec) parseNodeID(id string) (n nodeID, ok bool) {
	if plain, sealed := c.open(sealedContact, id); sealed {
		callee, _, err := cutPadded(plain)
		return nodeID{kind: contactNode, key: callee}, err == nil
	}
	n.kind, n.key, _ = strings.Cut(decodeOpaque(id), " ")
	if n.kind == messageNode {
		ordinal, rest, _ := strings.Cut(n.key, " ")
		length, keys, _ := strings.Cut(rest, " ")
		n.ordinal, _ = strconv.Atoi(ordinal)
		at, err := strconv.Atoi(length)
		if err != nil || at < 0 || at > len(keys) {
			return nodeID{}, false
		}
		n.key, n.msgID = keys[:at], keys[at:]
	}
	known := n.kind == sessionNode || n.kind == messageNode
	return n, known && n.String() == id
}

// Nodes returns nodes in the order of their ids, nil in place of one that does not exist.
func Nodes(ctx context.Context, source Source, ids []string) ([]Node, error) {
	if len(ids) > source.MaxPage {
		return nil, models.InputErrorf("ids has %d, at most %d are allowed", len(ids), source.MaxPage)
	}

	parsed := make([]nodeID, len(ids))
	keys := map[string][]string{}
	for i, id := range ids {
		if n, ok := source.Codec.parseNodeID(id); ok {
			parsed[i] = n
			keys[n.kind] = append(keys[n.kind], n.key)
		}
	}

	sessions := map[string]*Session{}
	contacts := map[string]*Contact{}
	messages := map[nodeID]*Message{}
	var err error
	if callIDs := append(keys[sessionNode], keys[messageNode]...); len(callIDs) > 0 {
		if sessions, err = SessionsByCallID(ctx, source, callIDs); err != nil {
			return nil, err
		}
	}
	if len(keys[messageNode]) > 0 {
		if messages, err = messagesByID(ctx, source, parsed, sessions); err != nil {
			return nil, err
		}
	}
	if callees := keys[contactNode]; len(callees) > 0 {
		if contacts, err = ContactsByCallee(ctx, source, callees); err != nil {
			return nil, err
		}
	}

	nodes := make([]Node, len(ids))
	for i, n := range parsed {
		if s := sessions[n.key]; n.kind == sessionNode && s != nil {
			nodes[i] = s
		} else if m := messages[n]; m != nil {
			nodes[i] = m
		} else if c := contacts[n.key]; n.kind == contactNode && c != nil {
			nodes[i] = c
		}
	}
	return nodes, nil
}

func (n nodeID) messageKey(session *Session) models.MessageKey {
	return models.MessageKey{MsgKey: models.MsgKey{SessionID: session.Session.ID, MsgID: n.msgID}, Ordinal: n.ordinal}
}

func messagesByID(
	ctx context.Context, source Source, ids []nodeID, sessions map[string]*Session,
) (map[nodeID]*Message, error) {
	var keys []models.MessageKey
	for _, n := range ids {
		if session := sessions[n.key]; n.kind == messageNode && session != nil {
			keys = append(keys, n.messageKey(session))
		}
	}
	rows, err := source.Store.MessagesByKey(ctx, keys)
	if err != nil {
		return nil, err
	}
	found := map[nodeID]*Message{}
	all := newMessageBatch(source)
	for _, n := range ids {
		session := sessions[n.key]
		if n.kind != messageNode || session == nil {
			continue
		}
		if row := rows[n.messageKey(session)]; row != nil {
			found[n] = all.add(n.key, []*models.Message{row})[0]
		}
	}
	return found, nil
}
