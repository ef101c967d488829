package store

import (
	"testing"
	"time"

	"sessiongraph/models"
)

// A bound is an instant to the nanosecond, a stored time one to the microsecond:
// comparing the two must say what comparing exactly would.
func TestInstantComparesExactly(t *testing.T) {
	base := time.Date(2025, 4, 15, 6, 41, 0, 0, time.UTC)
	before1970 := time.Date(1901, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, middle := range []time.Time{base, before1970} {
		for _, offset := range []time.Duration{-1001, -1000, -999, -1, 0, 1, 999, 1000, 1001} {
			bound := &models.Time{Time: middle.Add(offset)}
			for micros := -3; micros <= 3; micros++ {
				stored := middle.Add(time.Duration(micros) * time.Microsecond)
				for operator, c := range map[string]struct {
					filter models.TimeFilter
					want   bool
				}{
					">=": {models.TimeFilter{Gte: bound}, !stored.Before(bound.Time)},
					">":  {models.TimeFilter{Gt: bound}, stored.After(bound.Time)},
					"<=": {models.TimeFilter{Lte: bound}, !stored.After(bound.Time)},
					"<":  {models.TimeFilter{Lt: bound}, stored.Before(bound.Time)},
				} {
					condition := instant("c", &c.filter)
					if want := "c " + operator + " ?"; condition.sql != want || len(condition.args) != 1 {
						t.Fatalf("%s is %q with %v, want %q", operator, condition.sql, condition.args, want)
					}
					if got := holds(stored.UnixMicro(), operator, condition.args[0].(int64)); got != c.want {
						t.Errorf("%v %s %v is %t, want %t", stored, operator, bound, got, c.want)
					}
				}
			}
		}
	}
}

func holds(value int64, operator string, bound int64) bool {
	switch operator {
	case ">=":
		return value >= bound
	case ">":
		return value > bound
	case "<=":
		return value <= bound
	default:
		return value < bound
	}
}
