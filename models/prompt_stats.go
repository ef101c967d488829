package models

// PromptStats is a row of promptStats: what bots asked with the same prompt, and what people did.
type PromptStats struct {
	Kind                PromptKind
	TemplateID          *string // of a template
	Name                *string // of a template
	Language            *string // of a template
	Body                string
	SentCount           int
	SessionCount        int
	AnsweredCount       int
	OffMenuCount        int
	SilentCount         int
	MedianAnswerSeconds *float64
	Options             []*PromptOptionStats
}

// AnswerRate is AnsweredCount as a fraction of SentCount.
func (s *PromptStats) AnswerRate() float64 { return ratio(s.AnsweredCount, s.SentCount) }

// PromptOptionStats is an option of a prompt, and how often it was picked.
type PromptOptionStats struct {
	Index       int
	Type        string // the button's own, "" for a list's row
	Title       string
	Section     *string // the title of the row's section
	PickedCount int
	Share       float64 // of the prompt's AnsweredCount
}
