package store

import (
	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// notificationColumns are columns of the ledger, in the order of notificationFields.
type notificationColumns string

const (
	withoutBody notificationColumns = "id, sha256, body_size, sign, call_id, callee, notified_at, first_received_at," +
		" last_received_at, deliveries, outcome, reason, stored_seq"
	withBody = withoutBody + ", body"
)

// notificationFields are where a notification has the columns, the body last.
func notificationFields(n *models.Notification) []any {
	return []any{
		&n.ID, &n.SHA256, &n.BodySize, &n.Sign, &n.CallID, &n.Callee, optionalTimeColumn{&n.NotifiedAt},
		(*timeColumn)(&n.FirstReceivedAt), (*timeColumn)(&n.LastReceivedAt), &n.Deliveries, &n.Outcome, &n.Reason,
		&n.EventSeq, &n.Body,
	}
}

// read reads rows of the ledger; rest is the statement from its WHERE on.
func (columns notificationColumns) read(
	db *gorm.DB, d dialect.Dialect, rest string, args ...any,
) (notifications []*models.Notification, err error) {
	statement := dialect.Select("SELECT "+string(columns)+" FROM notifications "+rest, args...)
	err = eachRow(db, d, statement, func(scan scanner) error {
		n := &models.Notification{}
		notifications = append(notifications, n)
		fields := notificationFields(n)
		if columns == withoutBody {
			fields = fields[:len(fields)-1]
		}
		return scan(fields...)
	})
	if err != nil {
		return nil, err
	}
	return notifications, nil
}
