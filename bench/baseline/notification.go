package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// notification is AIRudder's Chatbot Session End notification.
type notification struct {
	WorkflowID       string        `json:"workflow_id"`
	WorkflowName     string        `json:"workflow_name"`
	NodeTaskID       string        `json:"nodetask_id"`
	NodeTaskName     string        `json:"nodetask_name"`
	WabaTaskID       string        `json:"waba_task_id"`
	WfDetailUUID     string        `json:"wfdetail_uuid"`
	Timestamp        int64         `json:"timestamp"`
	Channel          string        `json:"channel"`
	ChannelID        string        `json:"channel_id"`
	Callee           string        `json:"callee"`
	CallID           string        `json:"call_id"`
	RobotID          string        `json:"robot_id"`
	Status           string        `json:"status"`
	SessionStartTime time.Time     `json:"session_start_time"`
	SessionEndTime   time.Time     `json:"session_end_time"`
	SessionEndReason string        `json:"session_end_reason"`
	Intention        string        `json:"intention"`
	TalkRound        int           `json:"talk_round"`
	NerSlots         namedValues   `json:"ner_slots"`
	EventLabel       namedValues   `json:"event_label"`
	Variables        namedValues   `json:"variables"`
	Messages         []wireMessage `json:"messages"`

	receivedAt time.Time
}

type wireMessage struct {
	MsgID      string          `json:"msg_id"`
	SenderType string          `json:"sender_type"`
	Timestamp  *int64          `json:"timestamp"`
	Status     string          `json:"status"`
	Content    json.RawMessage `json:"content"`
	Reply      json.RawMessage `json:"reply"`

	contentType, text string // of Content
}

// decodeNotification reads a body, and of each message what has a column of its own.
func decodeNotification(body []byte) (*notification, error) {
	n := &notification{receivedAt: time.Now()}
	if err := json.Unmarshal(body, n); err != nil {
		return nil, fmt.Errorf("read notification: %w", err)
	}
	if n.CallID == "" {
		return nil, errors.New("read notification: call_id is missing")
	}
	for i := range n.Messages {
		m := &n.Messages[i]
		c := decodeContent(m.Content)
		m.contentType, m.text = c.Type, c.text()
	}
	return n, nil
}

type namedValue struct{ name, value string }

// namedValues are an object's members in the order in which they were sent.
type namedValues []namedValue

// UnmarshalJSON reads a string as it is, and any other value as compact JSON.
func (n *namedValues) UnmarshalJSON(object []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(err, errors.New("expected an object"))
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return err
		}
		value := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return err
			}
		} else if raw[0] == '{' || raw[0] == '[' {
			var compact bytes.Buffer
			if err := json.Compact(&compact, raw); err != nil {
				return err
			}
			value = compact.String()
		}
		*n = append(*n, namedValue{name.(string), value})
	}
	return nil
}
