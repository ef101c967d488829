package simulate

// The types of this file have the vendor's keys in the vendor's order.

type notification struct {
	WorkflowID       string         `json:"workflow_id"`
	WorkflowName     string         `json:"workflow_name"`
	NodetaskID       string         `json:"nodetask_id"`
	NodetaskName     string         `json:"nodetask_name"`
	WabaTaskID       string         `json:"waba_task_id"`
	WfdetailUUID     string         `json:"wfdetail_uuid"`
	Timestamp        int64          `json:"timestamp"`
	Channel          string         `json:"channel"`
	ChannelID        string         `json:"channel_id"`
	Callee           string         `json:"callee"`
	CallID           string         `json:"call_id"`
	RobotID          string         `json:"robot_id"`
	Status           string         `json:"status"`
	SessionStartTime string         `json:"session_start_time"`
	SessionEndTime   string         `json:"session_end_time"`
	SessionEndReason string         `json:"session_end_reason"`
	Intention        string         `json:"intention"`
	TalkRound        int            `json:"talk_round"`
	NerSlots         map[string]any `json:"ner_slots"`
	EventLabel       map[string]any `json:"event_label"`
	Variables        map[string]any `json:"variables"`
	Messages         []message      `json:"messages"`
}

type message struct {
	MsgID      string `json:"msg_id"`
	SenderType string `json:"sender_type"`
	Timestamp  int64  `json:"timestamp,omitzero"`
	Status     string `json:"status"`
	Content    any    `json:"content"`
	Reply      *reply `json:"reply,omitempty"`
}

// reply is a snapshot of the message that is answered.
type reply struct {
	MsgID      string `json:"msg_id"`
	SenderType string `json:"sender_type"`
	Timestamp  int64  `json:"timestamp,omitzero"`
	Content    any    `json:"content"`
}

// textContent is a text, a template button's answer or an interactive answer.
type textContent struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type systemContent struct {
	Type   string      `json:"type"`
	System systemEvent `json:"system"`
}

type systemEvent struct {
	Type       string `json:"type"`
	FromSeatID string `json:"from_seat_id"`
	ToSeatID   string `json:"to_seat_id"`
}

type templateContent struct {
	Type     string   `json:"type"`
	Template template `json:"template"`
}

type template struct {
	Type    string       `json:"type"`
	Content templateBody `json:"content"`
	Info    templateInfo `json:"info"`
}

type templateBody struct {
	Header *templateHeader  `json:"header,omitempty"`
	Body   string           `json:"body"`
	Footer string           `json:"footer"`
	Button []templateButton `json:"button"`
}

type templateHeader struct {
	Type  string `json:"type"`
	Text  string `json:"text,omitempty"`
	Media *media `json:"media,omitempty"`
}

type templateButton struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type templateInfo struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Language string `json:"language"`
}

// mediaContent is an image, a file, a video or an audio.
type mediaContent struct {
	Type  string `json:"type"`
	Media media  `json:"media"`
}

type media struct {
	OriginURL string `json:"origin_url"`
	Name      string `json:"name,omitempty"`
}

type interactiveContent struct {
	Type        string      `json:"type"`
	Interactive interactive `json:"interactive"`
}

type interactive struct {
	Type   string   `json:"type"`
	Body   textOnly `json:"body"`
	Footer textOnly `json:"footer"`
	Action any      `json:"action"`
}

type textOnly struct {
	Text string `json:"text"`
}

type buttonAction struct {
	Buttons []replyButton `json:"buttons"`
}

type replyButton struct {
	Type  string `json:"type"`
	Reply option `json:"reply"`
}

type option struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type listAction struct {
	Button   string        `json:"button"`
	Sections []listSection `json:"sections"`
}

type listSection struct {
	Title string    `json:"title"`
	Rows  []listRow `json:"rows"`
}

type listRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type locationContent struct {
	Type     string   `json:"type"`
	Location location `json:"location"`
}

type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Address   string  `json:"address"`
	Name      string  `json:"name"`
}

type contactsContent struct {
	Type     string        `json:"type"`
	Contacts []contactCard `json:"contacts"`
}

type contactCard struct {
	Name        string `json:"name"`
	PhoneNumber string `json:"phone_number"`
}
