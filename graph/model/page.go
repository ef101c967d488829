package model

import (
	"sessiongraph/models"
)

// Page is the paging arguments of a connection.
type Page struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

// DefaultPage is the size of a page without first and last.
const DefaultPage = 20

// Size returns how many nodes the page may have and whether it is counted from the list's
// end, or the error of first or last.
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
		return min(DefaultPage, maxPage), false, nil
	}
}

// CheckLimit returns the error of an argument, the length of a list, that is out of bounds.
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

// checkEnds returns the error of first and last of a list without cursors.
func checkEnds(first, last *int, maxPage int) error {
	_, _, err := Page{First: first, Last: last}.Size(maxPage)
	return err
}

// PageInfo is Relay's: the place of a page in its list.
type PageInfo struct {
	cursor func(later bool) *string
	beyond func(later bool) (bool, error)
}

// StartCursor is the cursor of the first node; nil if there is none.
func (p *PageInfo) StartCursor() *string { return p.cursor(false) }

// EndCursor is the cursor of the last node; nil if there is none.
func (p *PageInfo) EndCursor() *string { return p.cursor(true) }

// HasNextPage reports whether the list goes on after the page.
func (p *PageInfo) HasNextPage() (bool, error) { return p.beyond(true) }

// HasPreviousPage reports whether the list has nodes before the page.
func (p *PageInfo) HasPreviousPage() (bool, error) { return p.beyond(false) }
