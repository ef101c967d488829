package mask

// Names are the names of NER slots and variables whose values are not masked. They do not change. A nil one has none.
type Names struct {
	list []string
	has  map[string]bool
}

// NewNames returns the names of a list.
func NewNames(list []string) *Names {
	names := &Names{has: make(map[string]bool, len(list))}
	for _, name := range list {
		if !names.has[name] {
			names.has[name] = true
			names.list = append(names.list, name)
		}
	}
	return names
}

// Has reports whether it is one of the names.
func (n *Names) Has(name string) bool { return n != nil && n.has[name] }

// List returns the names, each once. It must not be changed.
func (n *Names) List() []string {
	if n == nil {
		return nil
	}
	return n.list
}
