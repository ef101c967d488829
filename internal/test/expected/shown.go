package expected

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// FieldsNotShown lists the values of a notification that its session shows in no field but
// raw, by path: texts as they are or as the name of an enum value, numbers as they
// are, as a text or as a time. Those of a message have to stand in that message.
func FieldsNotShown(notification, session map[string]any) []string {
	var lost []string
	messages, _ := session["messages"].([]any)
	for field, value := range notification {
		sent, isMessages := value.([]any)
		if !isMessages {
			lost = missing(lost, field, value, leaves(map[string]bool{}, session))
			continue
		}
		for i, message := range sent {
			shown := map[string]bool{}
			if i < len(messages) {
				leaves(shown, messages[i])
			}
			lost = missing(lost, fmt.Sprintf("%s[%d]", field, i), message, shown)
		}
	}
	return lost
}

func missing(lost []string, path string, value any, shown map[string]bool) []string {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			lost = missing(lost, path+"."+name, inner, shown)
		}
	case []any:
		for i, inner := range value {
			lost = missing(lost, fmt.Sprintf("%s[%d]", path, i), inner, shown)
		}
	case string:
		if !shown[value] && !shown[strings.ToUpper(value)] {
			lost = append(lost, path+": "+value)
		}
	case json.Number:
		unix, _ := value.Int64()
		if !shown[value.String()] && !shown[time.Unix(unix, 0).UTC().Format(time.RFC3339)] {
			lost = append(lost, path+": "+value.String())
		}
	}
	return lost
}

// leaves are the texts and numbers that are shown anywhere but in raw.
func leaves(found map[string]bool, value any) map[string]bool {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if name != "raw" {
				leaves(found, inner)
			}
		}
	case []any:
		for _, inner := range value {
			leaves(found, inner)
		}
	case string:
		found[value] = true
	case json.Number:
		found[value.String()] = true
	}
	return found
}
