package limits

import (
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/models/mask"
)

// maskChecker refuses arguments that would tell more of personal data than a viewer who sees masks may know: it can be
// compared with pseudonyms, and in no other way.
type maskChecker struct{ unmasked *mask.Names }

// check returns the error of an argument or of an input field.
func (c maskChecker) check(name string, value any) *gqlerror.Error {
	switch name {
	case "callee":
		return checkPseudonyms(name, value)
	case "digits":
		if value != nil {
			return masked(name)
		}
	case "nerSlots", "variables":
		return c.each(name, value, c.checkEntry)
	}
	return c.each(name, value, func(name string, value map[string]any) *gqlerror.Error {
		for key, inner := range value {
			if err := c.check(key, inner); err != nil {
				return err
			}
		}
		return nil
	})
}

// each checks the objects of a list, or one alone.
func (c maskChecker) each(
	name string, value any, check func(string, map[string]any) *gqlerror.Error,
) *gqlerror.Error {
	if object, ok := value.(map[string]any); ok {
		return check(name, object)
	}
	for _, element := range elements(value) {
		if err := c.each(name, element, check); err != nil {
			return err
		}
	}
	return nil
}

// checkEntry checks a condition on an entry of an open map.
func (c maskChecker) checkEntry(name string, entry map[string]any) *gqlerror.Error {
	key, _ := entry["name"].(string)
	switch {
	case c.unmasked.Has(key):
		return nil
	case entry["number"] != nil:
		return masked(name + ".number")
	default:
		return checkPseudonyms(name+".value", entry["value"])
	}
}

// checkPseudonyms checks what a masked text is compared with: a value, or a StringFilter.
func checkPseudonyms(name string, value any) *gqlerror.Error {
	filter, ok := value.(map[string]any)
	if !ok {
		filter = map[string]any{"eq": value}
	}
	for operator, value := range filter {
		switch operator {
		case "eq", "ne", "in", "notIn":
			if !isPseudonym(value) {
				return masked(name)
			}
		default:
			if value != nil {
				return masked(name + "." + operator)
			}
		}
	}
	return nil
}

// isPseudonym reports whether a value is null, the empty text, a pseudonym, or a list of these.
func isPseudonym(value any) bool {
	if text, ok := value.(string); ok {
		return text == "" || mask.WellFormed(text)
	}
	list := elements(value)
	for _, element := range list {
		if !isPseudonym(element) {
			return false
		}
	}
	return value == nil || list != nil
}

func masked(name string) *gqlerror.Error {
	return apierror.New(apierror.Forbidden, "%s is masked for this token, which lacks the scope PII: it needs pii or"+
		" admin, or to compare by eq, ne, in and notIn with pseudonyms as they are shown", name)
}
