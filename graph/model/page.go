package model

import (
	"sessiongraph/models"
)

// Page is the paging arguments that every connection takes.
type Page struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

const defaultPage = 20

// Size checks first and last and says how many the page may hold, and whether it
// is taken from the list's end.
func (p Page) Size(maxPage int) (limit int, backward bool, err error) {
	if p.First != nil && p.Last != nil {
		return 0, false, models.InputErrorf("pass first or last, not both")
	}
	if err := CheckLimit("first", p.First, maxPage); err != nil {
		return 0, false, err
	}
	if err := CheckLimit("last", p.Last, maxPage); err != nil {
		return 0, false, err
	}
	switch {
	case p.First != nil:
		return *p.First, false, nil
	case p.Last != nil:
		return *p.Last, true, nil
	default:
		return min(defaultPage, maxPage), false, nil
	}
}

// CheckLimit holds an argument that bounds a list to what the server allows.
func CheckLimit(argument string, value *int, maxPage int) error {
	switch {
	case value == nil:
		return nil
	case *value < 0:
		return models.InputErrorf("%s is %d, it cannot be negative", argument, *value)
	case *value > maxPage:
		return models.InputErrorf("%s is %d, at most %d are allowed", argument, *value, maxPage)
	}
	return nil
}

// Ends says which of first and last, if any, a list without cursors is cut by.
func checkEnds(first, last *int, maxPage int) error {
	_, _, err := Page{First: first, Last: last}.Size(maxPage)
	return err
}

// PageInfo is Relay's: where the page stands in its list.
type PageInfo struct {
	StartCursor *string
	EndCursor   *string
	beyond      func(later bool) (bool, error)
}

// HasNextPage says whether the list goes on behind the page.
func (p *PageInfo) HasNextPage() (bool, error) { return p.beyond(true) }

// HasPreviousPage says whether the list has something before the page.
func (p *PageInfo) HasPreviousPage() (bool, error) { return p.beyond(false) }
