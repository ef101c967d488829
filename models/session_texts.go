package models

// SessionText is a text of a session: a field of its notification, a column and a filter.
// Reading, storing, folding, filtering and bounding texts all follow the list of them.
type SessionText struct {
	Field   string // in a notification
	Column  string // of the table sessions
	GraphQL string // the field of the type Session that alone shows it; empty where others need it, too
	Indexed bool   // and so of a bounded length
	Of      func(*Session) *string
	Filter  func(*SessionFilter) *StringFilter
}

// SessionTexts are the texts of a session.
func SessionTexts() []SessionText { return sessionTexts[:] }

var sessionTexts = [...]SessionText{
	{"call_id", "call_id", "", true,
		func(s *Session) *string { return &s.CallID }, func(f *SessionFilter) *StringFilter { return f.CallID }},
	{"workflow_id", "workflow_id", "workflowId", true,
		func(s *Session) *string {
			return &s.WorkflowID
		}, func(f *SessionFilter) *StringFilter { return f.WorkflowID }},
	{"workflow_name", "workflow_name", "workflowName", false,
		func(s *Session) *string {
			return &s.WorkflowName
		}, func(f *SessionFilter) *StringFilter { return f.WorkflowName }},
	{"nodetask_id", "node_task_id", "nodeTaskId", false,
		func(s *Session) *string {
			return &s.NodeTaskID
		}, func(f *SessionFilter) *StringFilter { return f.NodeTaskID }},
	{"nodetask_name", "node_task_name", "nodeTaskName", false,
		func(s *Session) *string {
			return &s.NodeTaskName
		}, func(f *SessionFilter) *StringFilter { return f.NodeTaskName }},
	{"waba_task_id", "waba_task_id", "wabaTaskId", false,
		func(s *Session) *string {
			return &s.WabaTaskID
		}, func(f *SessionFilter) *StringFilter { return f.WabaTaskID }},
	{"wfdetail_uuid", "wf_detail_uuid", "wfDetailUuid", false,
		func(s *Session) *string {
			return &s.WfDetailUUID
		}, func(f *SessionFilter) *StringFilter { return f.WfDetailUUID }},
	{"channel", "channel", "channel", true,
		func(s *Session) *string { return &s.Channel }, func(f *SessionFilter) *StringFilter { return f.Channel }},
	{"channel_id", "channel_id", "channelId", false,
		func(s *Session) *string { return &s.ChannelID }, func(f *SessionFilter) *StringFilter { return f.ChannelID }},
	{"callee", "callee", "", true,
		func(s *Session) *string { return &s.Callee }, func(f *SessionFilter) *StringFilter { return f.Callee }},
	{"robot_id", "robot_id", "robotId", true,
		func(s *Session) *string { return &s.RobotID }, func(f *SessionFilter) *StringFilter { return f.RobotID }},
	{"status", "status", "status", false,
		func(s *Session) *string { return &s.Status }, func(f *SessionFilter) *StringFilter { return f.Status }},
	{"intention", "intention", "", true,
		func(s *Session) *string { return &s.Intention }, func(f *SessionFilter) *StringFilter { return f.Intention }},
}
