package models_test

import (
	"slices"
	"testing"

	"sessiongraph/models"
)

func TestImpliedScopes(t *testing.T) {
	for _, test := range []struct{ given, want []models.Scope }{
		{nil, nil},
		{[]models.Scope{models.ScopeRead}, []models.Scope{models.ScopeRead}},
		{[]models.Scope{models.ScopePII}, []models.Scope{models.ScopeRead, models.ScopePII}},
		{
			[]models.Scope{models.ScopeAdHoc, models.ScopeRead, models.ScopeRead},
			[]models.Scope{models.ScopeRead, models.ScopeAdHoc},
		},
		{[]models.Scope{models.ScopeMetrics}, []models.Scope{models.ScopeMetrics}},
		{[]models.Scope{models.ScopeAdmin}, models.Scopes()},
	} {
		if got := models.ImpliedScopes(test.given); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.given, got, test.want)
		}
	}
}
