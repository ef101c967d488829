package assistant

import (
	"encoding/json"
	"strings"

	"sessiongraph/models"
)

// maxExcerpt bounds a text in the answer of a search, in characters.
const maxExcerpt = 300

// found is a conversation in the answer of a search.
type found struct {
	CallID       string          `json:"callId"`
	Callee       string          `json:"callee"`
	StartedAt    string          `json:"startedAt"`
	Campaign     string          `json:"campaign"`
	Channel      string          `json:"channel"`
	EndReason    string          `json:"endReason"`
	Intention    string          `json:"intention"`
	MessageCount json.RawMessage `json:"messageCount"`
	Matches      []matched       `json:"matches"`
}

type matched struct {
	Position json.RawMessage `json:"position"`
	SentAt   json.RawMessage `json:"sentAt"` // a text or null
	Sender   string          `json:"sender"`
	Text     string          `json:"text"`
}

// SearchAnswer returns what the document AssistantSearch has found, with excerpts of long messages. Its cursor is the
// document's.
func SearchAnswer(data models.JSON) (Answer, error) {
	sessions := data.Get("sessions")
	var items, cursors []string
	for edge := range sessions.Get("edges").Items() {
		node := edge.Get("node")
		one := found{CallID: node.Get("callId").Text(), Callee: excerpt(node.Get("callee").Text()),
			StartedAt: node.Get("startedAt").Text(), Campaign: excerpt(node.Get("workflowName").Text()),
			Channel: excerpt(node.Get("channel").Text()), EndReason: node.Get("endReason").Text(),
			Intention:    excerpt(node.Get("intention").Get("label").Text()),
			MessageCount: json.RawMessage(node.Get("messageCount")), Matches: []matched{}}
		for message := range node.Get("matches").Items() {
			one.Matches = append(one.Matches, matched{json.RawMessage(message.Get("position")),
				json.RawMessage(message.Get("sentAt")), message.Get("senderType").Text(),
				excerpt(message.Get("text").Text())})
		}
		text, err := json.Marshal(one)
		if err != nil {
			return Answer{}, err
		}
		items, cursors = append(items, string(text)), append(cursors, edge.Get("cursor").Text())
	}

	whole, _, next, err := take(items, Place{}, MaxAnswer-Envelope)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Text: `{"conversations":[` + strings.Join(whole, ",") + "]}"}
	switch {
	case next != nil && next.Item > 0:
		answer.Cursor = cursors[next.Item-1]
	case len(cursors) > 0 && sessions.Get("pageInfo").Get("hasNextPage").Text() == "true":
		answer.Cursor = cursors[len(cursors)-1]
	}
	return answer, nil
}

// excerpt returns the beginning of a text that is long.
func excerpt(text string) string {
	runes := 0
	for at := range text {
		if runes++; runes > maxExcerpt {
			return text[:at] + "…"
		}
	}
	return text
}
