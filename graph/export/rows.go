package export

import (
	"slices"

	"sessiongraph/models"
)

// Page is what an answer of a plan's operation has.
type Page struct {
	Nodes      int
	Start, End string // cursors of a connection's page; "" if it is empty
}

// Rows passes each row of an answer's data to write: the value of each column, empty for null. The cells are valid
// until write returns.
func (p *Plan) Rows(data models.JSON, write func(cells []models.JSON) error) (Page, error) {
	var page Page
	list := data.Get(p.root)
	if p.Paged {
		connection := list
		list = connection.Get(p.nodes)
		info := connection.Get(pageInfoKey)
		page.Start, page.End = info.Get("startCursor").Text(), info.Get("endCursor").Text()
	}
	r := rowsReader{plan: p, cells: make([]models.JSON, len(p.Columns)), write: write}
	for node := range list.Items() {
		page.Nodes++
		if err := r.node(node); err != nil {
			return page, err
		}
	}
	return page, nil
}

type rowsReader struct {
	plan  *Plan
	cells []models.JSON
	list  models.JSON // what the plan's rows are the elements of
	write func(cells []models.JSON) error
}

func (r *rowsReader) node(node models.JSON) error {
	clear(r.cells)
	r.list = nil
	r.fill(r.plan.row, node)
	if r.plan.rows == nil {
		return r.write(r.cells)
	}

	outside, empty := slices.Clone(r.cells), true
	for element := range r.list.Items() {
		empty = false
		copy(r.cells, outside)
		r.fill(r.plan.rows.elements, element)
		if err := r.write(r.cells); err != nil {
			return err
		}
	}
	if empty {
		return r.write(r.cells)
	}
	return nil
}

// fill splits a value into cells.
func (r *rowsReader) fill(p *part, value models.JSON) {
	switch {
	case value.Kind() == models.IsNull:
	case p.elements != nil:
		r.list = value
	case p.column != none:
		r.cells[p.column] = value
	default:
		next := 0 // members stand in the order of the keys, but some may be missing
		for key, member := range value.Fields() {
			for at := range p.keys {
				if at = (next + at) % len(p.keys); p.keys[at] == key {
					r.fill(p.children[at], member)
					next = at + 1
					break
				}
			}
		}
	}
}
