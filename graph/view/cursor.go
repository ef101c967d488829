package view

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"sessiongraph/models"
)

// A cursor is opaque to clients. It says of which kind of list and of which order
// it is, so that one is never mistaken for another's.
const sessionCursorVersion = "s1"

func encodeSessionCursor(list models.SessionList, key models.SessionKey) string {
	return encodeOpaque(fmt.Sprintf("%s%s %s %s %d %d", sessionCursorVersion, list.Owner, list.Order.Field, list.Order.Direction, key.Value, key.ID))
}

func decodeSessionCursor(argument, cursor string, list models.SessionList) (models.SessionKey, error) {
	order := list.Order
	parts := strings.Split(decodeOpaque(cursor), " ")
	if len(parts) != 5 || parts[0] != sessionCursorVersion+string(list.Owner) {
		return models.SessionKey{}, models.InputErrorf("%s is not a cursor of this list of sessions: pass one that it returned", argument)
	}
	if parts[1] != string(order.Field) || parts[2] != string(order.Direction) {
		return models.SessionKey{}, models.InputErrorf("%s is a cursor of another order: keep orderBy while you page", argument)
	}
	value, err1 := strconv.ParseInt(parts[3], 10, 64)
	id, err2 := strconv.ParseInt(parts[4], 10, 64)
	key := models.SessionKey{Value: value, ID: id}
	if err1 != nil || err2 != nil || encodeSessionCursor(list, key) != cursor {
		return models.SessionKey{}, models.InputErrorf("%s is not a cursor of this list of sessions: pass one that it returned", argument)
	}
	return key, nil
}

func encodeOpaque(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// decodeOpaque is "" for what encodeOpaque never wrote.
func decodeOpaque(s string) string {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return ""
	}
	return string(b)
}
