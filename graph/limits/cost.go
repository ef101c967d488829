package limits

import (
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"sessiongraph/graph/model"
)

// Extensions of an operation's statistics: its complexity, and whether it counts what a search finds, for which all of
// that is read.
const (
	complexityKey  = "complexity"
	countsFoundKey = "counts what is found"
)

// complexity estimates how many values an operation returns and how much is read for them. Of an export it counts one
// node.
func complexity(oc *graphql.OperationContext, maxPage int, export bool) float64 {
	c := costs{variables: oc.Variables, maxPage: maxPage, export: export,
		fragments: map[string]cost{}, counting: map[string]bool{}, grouping: map[string]float64{}}
	total := c.of(oc.Operation.SelectionSet).total()
	oc.Stats.SetExtension(complexityKey, total)
	oc.Stats.SetExtension(countsFoundKey, c.countsFound)
	return total
}

// cost is the cost of a selection. Of the types of one union or interface only the most
// expensive counts, because a value has one type.
type cost struct {
	always float64
	byType map[string]float64
}

func (c cost) total() float64 {
	most := 0.0
	for _, one := range c.byType {
		most = max(most, one)
	}
	return c.always + most
}

func (c *cost) add(other cost) {
	c.always += other.always
	for name, one := range other.byType {
		c.addOn(name, one)
	}
}

func (c *cost) addOn(typeName string, n float64) {
	if c.byType == nil {
		c.byType = map[string]float64{}
	}
	c.byType[typeName] += n
}

type costs struct {
	variables map[string]any
	maxPage   int
	export    bool
	fragments map[string]cost
	counting  map[string]bool    // fragments that select totalCount
	grouping  map[string]float64 // the extraGroups of fragments
	// countsFound says that an operation counts what passes a search, or has a message that passes.
	countsFound bool
}

func (c *costs) of(set ast.SelectionSet) cost {
	var sum cost
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if c.export && isRoot(s) {
				sum.always += c.of(s.SelectionSet).total()
				continue
			}
			sum.always += 1 + c.reading(s) + c.size(s)*c.of(s.SelectionSet).total()
		case *ast.InlineFragment:
			sum.conditional(s.TypeCondition, s.ObjectDefinition, c.of(s.SelectionSet))
		case *ast.FragmentSpread:
			if s.Definition == nil {
				continue
			}
			inner, known := c.fragments[s.Name]
			if !known {
				inner = c.of(s.Definition.SelectionSet)
				c.fragments[s.Name] = inner
			}
			sum.conditional(s.Definition.TypeCondition, s.ObjectDefinition, inner)
		}
	}
	return sum
}

func (c *cost) conditional(condition string, parent *ast.Definition, inner cost) {
	if condition == "" || condition == "Content" || condition == "Node" ||
		parent == nil || parent.Name == condition || !parent.IsAbstractType() {
		c.add(inner)
		return
	}
	c.addOn(condition, inner.total())
}

// Costs of reading a field, in values.
const (
	groupCost         = 4000 // a group-by or a catalogue
	countCost         = 100
	searchedWordCost  = 250
	messageFilterCost = 250
	// transcriptPart is the part of the cost if a filter reads one transcript only.
	transcriptPart = 0.02
)

// reading estimates the cost of reading the field.
func (c *costs) reading(field *ast.Field) float64 {
	if field.Definition == nil || field.ObjectDefinition == nil {
		return 0
	}
	sum := 0.0
	switch {
	case field.Name == "totalCount":
		sum = countCost
	case field.ObjectDefinition.Name == "Query" && isGroup(field.Name):
		sum = groupCost * (1 + c.extraGroups(field.SelectionSet))
	}
	if len(field.Arguments) == 0 {
		return sum
	}
	filters := 0.0
	for name, value := range field.ArgumentMap(c.variables) {
		filters += filterCost(name, value)
	}
	if field.ObjectDefinition.Name == "Session" {
		filters *= transcriptPart
	} else if filters > 0 && c.counts(field.SelectionSet) {
		c.countsFound = true
	}
	return sum + filters
}

// counts reports whether a selection of a connection has its totalCount.
func (c *costs) counts(set ast.SelectionSet) bool {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "totalCount" {
				return true
			}
		case *ast.InlineFragment:
			if c.counts(s.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if _, known := c.counting[s.Name]; !known && s.Definition != nil {
				c.counting[s.Name] = c.counts(s.Definition.SelectionSet)
			}
			if c.counting[s.Name] {
				return true
			}
		}
	}
	return false
}

// extraGroups returns how many group-bys more the selection of a group-by takes: one for each callbackCount.
func (c *costs) extraGroups(set ast.SelectionSet) float64 {
	groups := 0.0
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "callbackCount" {
				groups++
			}
		case *ast.InlineFragment:
			groups += c.extraGroups(s.SelectionSet)
		case *ast.FragmentSpread:
			if _, known := c.grouping[s.Name]; !known && s.Definition != nil {
				c.grouping[s.Name] = c.extraGroups(s.Definition.SelectionSet)
			}
			groups += c.grouping[s.Name]
		}
	}
	return groups
}

func isGroup(name string) bool {
	switch name {
	case "sessionStats", "promptStats", "intentions", "nerSlots", "variables", "eventLabels":
		return true
	}
	return false
}

// filterCost returns the cost of all searches and filters of messages in a filter.
func filterCost(name string, value any) float64 {
	sum := 0.0
	switch value := value.(type) {
	case map[string]any:
		if name == "messages" {
			sum = messageFilterCost
		}
		for key, inner := range value {
			sum += filterCost(key, inner)
		}
	case string:
		if name == "search" {
			sum = searchedWordCost * float64(len(strings.Fields(value)))
		}
	default:
		for _, inner := range elements(value) {
			sum += filterCost(name, inner)
		}
	}
	return sum
}

// Estimated lengths of lists that no argument bounds.
const (
	usualTranscript = 20
	usualCatalogue  = 50
	usualList       = 4
)

// size estimates how many objects the field returns.
func (c *costs) size(field *ast.Field) float64 {
	if len(field.SelectionSet) == 0 || field.Definition == nil || field.ObjectDefinition == nil {
		return 1
	}
	if strings.HasSuffix(field.ObjectDefinition.Name, "Connection") {
		return 1 // the field that returned the connection counted its page
	}
	first, last := PageArguments(field, field.ArgumentMap(c.variables))
	switch {
	case first != nil:
		return float64(*first)
	case last != nil:
		return float64(*last)
	case strings.HasSuffix(field.Definition.Type.Name(), "Connection"):
		return min(model.DefaultPage, float64(c.maxPage))
	case field.Definition.Type.Elem == nil:
		return 1
	}

	switch field.Name {
	case "nodes":
		return float64(max(1, len(elements(field.ArgumentMap(c.variables)["ids"]))))
	case "messages":
		return usualTranscript
	case "intentions", "nerSlots", "variables", "eventLabels", "sessionStats", "promptStats", "drift",
		"values":
		if field.ObjectDefinition.Name == "Session" {
			return usualList
		}
		return usualCatalogue
	default:
		return usualList
	}
}
