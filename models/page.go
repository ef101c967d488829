package models

// PageSpec is the part of a list that a page shows: between two places, from the start, or
// from the end if Backward. K is the key of a place in the list.
type PageSpec[K any] struct {
	After, Before *K
	Limit         int
	Backward      bool
}
