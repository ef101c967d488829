package models

import (
	"context"
	"errors"
	"slices"
)

// Scope is a right of a viewer. It is written by its GraphQL name.
type Scope string

// The scopes, in the order of the schema.
const (
	ScopeRead    Scope = "READ"    // reads, with masks
	ScopePII     Scope = "PII"     // reads without masks
	ScopeAdHoc   Scope = "ADHOC"   // sends operations of its own by the Model Context Protocol
	ScopeAdmin   Scope = "ADMIN"   // all of the others
	ScopeMetrics Scope = "METRICS" // reads the metrics
)

// Scopes returns all scopes in the order of the schema.
func Scopes() []Scope { return []Scope{ScopeRead, ScopePII, ScopeAdHoc, ScopeAdmin, ScopeMetrics} }

// ImpliedScopes returns the scopes with those that they imply, each once, in the order of the schema.
func ImpliedScopes(scopes []Scope) []Scope {
	return slices.DeleteFunc(Scopes(), func(s Scope) bool {
		switch {
		case slices.Contains(scopes, s), slices.Contains(scopes, ScopeAdmin):
			return false
		default:
			return s != ScopeRead || !slices.Contains(scopes, ScopePII)
		}
	})
}

// RowRules say which sessions a viewer sees: those that pass all of them.
type RowRules struct {
	WorkflowIDs []string // campaigns by workflow_id; empty for any
	RobotIDs    []string // robots by robot_id; empty for any
	Channels    []string // messaging services by channel; empty for any
}

// All reports whether the rules pass every session.
func (r RowRules) All() bool {
	return len(r.WorkflowIDs) == 0 && len(r.RobotIDs) == 0 && len(r.Channels) == 0
}

// Filter is the rules as a filter; nil where every session passes.
func (r RowRules) Filter() *SessionFilter {
	if r.All() {
		return nil
	}
	passes := &SessionFilter{}
	for _, rule := range []struct {
		values []string
		filter **StringFilter
	}{{r.WorkflowIDs, &passes.WorkflowID}, {r.RobotIDs, &passes.RobotID}, {r.Channels, &passes.Channel}} {
		if len(rule.values) > 0 {
			*rule.filter = &StringFilter{In: rule.values}
		}
	}
	return passes
}

// PassVersion reports whether the rules pass a version of a session, by its notification.
func (r RowRules) PassVersion(notification JSON) bool {
	if r.All() {
		return true
	}
	values := map[string]string{}
	for name, value := range notification.Fields() {
		values[name] = value.Text() // of a name that is there twice the last one counts
	}
	passes := func(rule []string, name string) bool {
		return len(rule) == 0 || slices.Contains(rule, values[name])
	}
	return passes(r.WorkflowIDs, "workflow_id") && passes(r.RobotIDs, "robot_id") && passes(r.Channels, "channel")
}

// Viewer is who sends an operation: what a token or a JWT stands for.
type Viewer struct {
	Name   string  // the token's name or the JWT's sub; empty where the server has no tokens
	Scopes []Scope // those that are implied included, in the order of the schema
	RowRules
}

// Operator returns the viewer who sees and may do everything: whoever connects to a server without tokens, and the
// program itself.
func Operator() *Viewer { return &Viewer{Scopes: Scopes()} }

// May reports whether the viewer has a scope.
func (v *Viewer) May(scope Scope) bool { return slices.Contains(v.Scopes, scope) }

// SeesMasks reports whether personal data is masked for the viewer.
func (v *Viewer) SeesMasks() bool { return !v.May(ScopePII) }

// ErrTokenEnded is the cause (context.Cause) of the end of what is done for a viewer whose token is no longer valid.
var ErrTokenEnded = errors.New("the token is no longer valid")

type viewerKey struct{}

// WithViewer returns a context of what is done for the viewer.
func WithViewer(ctx context.Context, v *Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerOf returns the viewer for whom something is done, nil where it is done for nobody.
func ViewerOf(ctx context.Context) *Viewer {
	v, _ := ctx.Value(viewerKey{}).(*Viewer)
	return v
}
