package sqlite

import "encoding/binary"

// Kinds of b-tree pages, as the first byte of their header names them.
const (
	interiorIndexPage = 2
	interiorTablePage = 5
	leafIndexPage     = 10
	leafTablePage     = 13
)

// fileHeaderSize is what stands in front of the first page's b-tree header.
const fileHeaderSize = 100

// pageCleaner zeroes the bytes of b-tree pages that belong to no cell: when SQLite
// splits or joins pages it leaves copies of cells there, secure_delete or not.
type pageCleaner struct {
	usable int    // bytes of a page without those that are reserved at its end
	used   []bool // of the page that is being cleaned
}

func newPageCleaner(usable int) *pageCleaner {
	return &pageCleaner{usable, make([]bool, usable)}
}

// clean zeroes the unused bytes of a page and reports whether there was anything
// to zero. Pages of other kinds, and pages whose sizes do not add up, are left alone.
func (c *pageCleaner) clean(number int64, page []byte) (changed bool) {
	if !c.mark(number, page) {
		return false
	}

	for i, used := range c.used {
		if !used && page[i] != 0 {
			page[i] = 0
			changed = true
		}
	}
	return changed
}

// mark notes which bytes of a page are in use. It is false for what is not a whole
// and consistent b-tree page.
func (c *pageCleaner) mark(number int64, page []byte) bool {
	at := 0
	if number == 1 {
		at = fileHeaderSize
	}
	if len(page) < c.usable || c.usable < at+12 {
		return false
	}
	kind := page[at]
	pointers := at + 8
	switch kind {
	case interiorIndexPage, interiorTablePage:
		pointers = at + 12
	case leafIndexPage, leafTablePage:
	default:
		return false
	}
	clear(c.used)

	cells := int(binary.BigEndian.Uint16(page[at+3:]))
	content := int(binary.BigEndian.Uint16(page[at+5:]))
	if content == 0 {
		content = 1 << 16
	}
	fragments := int(page[at+7])
	end := pointers + 2*cells
	if end > content || content > c.usable || !c.take(0, end) {
		return false
	}

	total := fragments
	for i := range cells {
		cell := int(binary.BigEndian.Uint16(page[pointers+2*i:]))
		size, ok := c.cellSize(kind, page, cell)
		if !ok || cell < content || !c.take(cell, cell+size) {
			return false
		}
		total += size
	}
	for block := int(binary.BigEndian.Uint16(page[at+1:])); block != 0; {
		if block < content || block+4 > c.usable {
			return false
		}
		next, size := int(binary.BigEndian.Uint16(page[block:])), int(binary.BigEndian.Uint16(page[block+2:]))
		if size < 4 || block+size > c.usable || next != 0 && next < block+size || !c.take(block, block+4) {
			return false
		}
		total += size
		block = next
	}
	return total == c.usable-content
}

// take marks bytes as used. It is false where some are already.
func (c *pageCleaner) take(from, to int) bool {
	if from < 0 || to > len(c.used) {
		return false
	}
	for i := from; i < to; i++ {
		if c.used[i] {
			return false
		}
		c.used[i] = true
	}
	return true
}

// cellSize is the number of a page's bytes that a cell takes.
func (c *pageCleaner) cellSize(kind byte, page []byte, at int) (size int, ok bool) {
	rest := page[min(at, c.usable):c.usable]
	header := 0
	if kind == interiorIndexPage || kind == interiorTablePage {
		header = 4
	}
	if len(rest) < header {
		return 0, false
	}
	payload, n := readVarint(rest[header:])
	if n == 0 {
		return 0, false
	}
	header += n
	if kind == interiorTablePage { // the varint was the row's number
		return max(header, 4), true
	}
	if kind == leafTablePage {
		_, n := readVarint(rest[header:])
		if n == 0 {
			return 0, false
		}
		header += n
	}
	return max(header+c.local(kind, payload), 4), true
}

// local is how many bytes of a payload stay in its cell, with the number of the
// page where the rest goes on.
func (c *pageCleaner) local(kind byte, payload uint64) int {
	most := (c.usable-12)*64/255 - 23
	if kind == leafTablePage {
		most = c.usable - 35
	}
	if payload <= uint64(most) {
		return int(payload)
	}
	least := (c.usable-12)*32/255 - 23
	kept := least + int((payload-uint64(least))%uint64(c.usable-4))
	if kept > most {
		kept = least
	}
	return kept + 4
}

// readVarint reads a number as SQLite writes it: seven bits a byte, the largest
// first, and eight in the ninth. Its length is 0 where it is cut off.
func readVarint(b []byte) (value uint64, length int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return value<<8 | uint64(b[i]), 9
		}
		value = value<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}
