package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/postgres"
	"sessiongraph/models/store/sqlite"
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
					if want := "c " + operator + " ?"; condition.SQL != want || len(condition.Args) != 1 {
						t.Fatalf("%s is %q with %v, want %q", operator, condition.SQL, condition.Args, want)
					}
					if got := holds(stored.UnixMicro(), operator, condition.Args[0].(int64)); got != c.want {
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

// A field of a filter that is never read would pass everything, in silence.
func TestEachFieldOfAFilterHasSQLOfItsOwn(t *testing.T) {
	for _, d := range []dialect.Dialect{sqlite.Dialect{}, postgres.Dialect{}} {
		of := filterSQL{Dialect: d}
		for _, filter := range []struct {
			zero any
			sql  func(reflect.Value) dialect.Predicate
		}{
			{models.SessionFilter{}, func(v reflect.Value) dialect.Predicate {
				return of.session(v.Addr().Interface().(*models.SessionFilter))
			}},
			{models.MessageFilter{}, func(v reflect.Value) dialect.Predicate {
				return of.message(v.Addr().Interface().(*models.MessageFilter))
			}},
		} {
			seen := map[string]string{dialect.AlwaysTrue.SQL + " []": "no field"}
			filterFields(reflect.TypeOf(filter.zero), func(name string, v reflect.Value) {
				c := filter.sql(v)
				sql := fmt.Sprint(c.SQL, " ", c.Args)
				if other, repeated := seen[sql]; repeated {
					t.Errorf("%T, %T.%s has the same SQL as %s: %s", d, filter.zero, name, other, sql)
				}
				seen[sql] = name
			})
			if len(seen) < 20 {
				t.Errorf("%T has only %d fields", filter.zero, len(seen))
			}
		}
	}
}

// filterFields yields values of a filter's type, each with one of its fields set.
func filterFields(of reflect.Type, yield func(name string, v reflect.Value)) {
	v := reflect.New(of).Elem()
	set := func(name string, value reflect.Value, into reflect.Value) {
		into.Set(value)
		yield(name, v)
		into.SetZero()
	}
	for i := range of.NumField() {
		field, into := of.Field(i), v.Field(i)
		switch field.Name {
		case "And", "Or", "Not": // of the type itself
			one := reflect.New(of)
			search := field.Name
			one.Elem().FieldByName("Search").Set(reflect.ValueOf(&search))
			if into.Kind() == reflect.Slice {
				one = reflect.Append(reflect.MakeSlice(into.Type(), 0, 1), one)
			}
			set(field.Name, one, into)
			continue
		}
		filterValues(field.Type, func(name string, value reflect.Value) { set(field.Name+name, value, into) })
	}
}

// filterValues yields values of the type of a filter's field.
func filterValues(of reflect.Type, yield func(name string, v reflect.Value)) {
	switch {
	case of == reflect.TypeFor[models.Time]():
		yield("", reflect.ValueOf(models.TimeOf(time.Unix(1, 0))))
	case of == reflect.TypeFor[models.NamedValueFilter]():
		yield(".Name", reflect.ValueOf(models.NamedValueFilter{Name: "name"}))
		filterFields(of, func(name string, v reflect.Value) {
			if name != "Name" && name != "Exists" {
				v.FieldByName("Name").SetString("name")
				yield("."+name, v)
				v.FieldByName("Name").SetZero()
			}
		})
		no := false
		yield(".Exists", reflect.ValueOf(models.NamedValueFilter{Name: "name", Exists: &no}))
	case of.Kind() == reflect.Pointer:
		filterValues(of.Elem(), func(name string, v reflect.Value) {
			pointer := reflect.New(of.Elem())
			pointer.Elem().Set(v)
			yield(name, pointer)
		})
	case of.Kind() == reflect.Slice:
		filterValues(of.Elem(), func(name string, v reflect.Value) {
			list := reflect.Append(reflect.MakeSlice(of, 0, 2), v)
			if of.Elem().Kind() == reflect.String { // one alone is the same as Eq
				list = reflect.Append(list, reflect.ValueOf("other").Convert(of.Elem()))
			}
			yield(name, list)
		})
	case of.Kind() == reflect.Struct:
		filterFields(of, func(name string, v reflect.Value) { yield("."+name, v) })
	default:
		v := reflect.New(of).Elem()
		switch {
		case v.CanInt():
			v.SetInt(7)
		case v.CanFloat():
			v.SetFloat(7)
		case of.Kind() == reflect.Bool:
			v.SetBool(true)
		default:
			v.SetString("text")
		}
		yield("", v)
	}
}
