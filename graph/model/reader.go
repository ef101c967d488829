package model

import (
	"context"

	"sessiongraph/models"
)

// Reader reads what these types need; the store is one.
type Reader interface {
	SessionPages(
		ctx context.Context, l models.SessionList, page models.PageSpec[models.SessionKey], owners []string,
	) (map[string][]*models.Session, error)
	SessionsBeyond(
		ctx context.Context, l models.SessionList, places map[string]models.SessionKey, later bool,
	) (map[string]bool, error)
	CountSessions(ctx context.Context, l models.SessionList, owners []string) (map[string]int, error)
	SessionsByCallID(ctx context.Context, callIDs []string) (map[string]*models.Session, error)
	SessionsByID(ctx context.Context, ids []int64) (map[int64]*models.Session, error)
	NerSlotsOf(ctx context.Context, sessionIDs []int64) (map[int64][]*models.NerSlot, error)
	EventLabelsOf(ctx context.Context, sessionIDs []int64) (map[int64][]*models.EventLabel, error)
	VariablesOf(ctx context.Context, sessionIDs []int64) (map[int64][]*models.Variable, error)
	BodiesOf(ctx context.Context, notificationIDs []int64) (map[int64]models.JSON, error)
	ContactPage(
		ctx context.Context, l models.ContactList, page models.PageSpec[models.ContactKey],
	) ([]*models.ContactSummary, error)
	ContactsBeyond(
		ctx context.Context, l models.ContactList, place models.ContactKey, later, inclusive bool,
	) (bool, error)
	CountContacts(ctx context.Context, l models.ContactList) (int, error)
	VersionsOf(ctx context.Context, callIDs []string) (map[string][]*models.Notification, error)
	CalleeOf(ctx context.Context, pseudonym string) (string, error)
	Pseudonym(ctx context.Context, callee string) string
	ContactsOf(ctx context.Context, callees []string) (map[string]*models.ContactSummary, error)

	MessagePage(
		ctx context.Context, l models.MessageList, page models.PageSpec[models.MessageListKey],
	) ([]*models.ListedMessage, error)
	MessagesBeyond(
		ctx context.Context, l models.MessageList, place models.MessageListKey, later, inclusive bool,
	) (bool, error)
	CountMessages(ctx context.Context, l models.MessageList) (int, error)
	MessagesOf(
		ctx context.Context, sessionIDs []int64, selected models.TranscriptRange,
	) (map[int64][]*models.Message, error)
	MessagesByMsgID(ctx context.Context, keys []models.MsgKey) (map[models.MsgKey]*models.Message, error)
	MessagesByKey(ctx context.Context, keys []models.MessageKey) (map[models.MessageKey]*models.Message, error)

	Intentions(ctx context.Context, filter *models.SessionFilter) ([]models.IntentionCount, error)
	EntryNames(ctx context.Context, of models.OpenMap, filter *models.SessionFilter) ([]models.NameCount, error)
	DistinctEntryValues(ctx context.Context, of models.OpenMap, filter *models.SessionFilter) (map[string]int, error)
	TopEntryValues(
		ctx context.Context, of models.OpenMap, filter *models.SessionFilter, limit int,
	) (map[string][]*models.EntryValue, error)
	Stats(ctx context.Context, q models.StatsQuery) ([]*models.SessionStats, error)
	PromptStats(ctx context.Context, filter *models.SessionFilter, first *int) ([]*models.PromptStats, error)
	WorkflowNames(ctx context.Context, filter *models.SessionFilter, workflowIDs []string) (map[string]string, error)
	Drift(ctx context.Context, first *int) ([]*models.Drift, error)

	SessionOf(ctx context.Context, event models.SessionEvent) (*models.Session, error)
	CursorKey() []byte
}
