package firestore

import (
	"strings"
	"unicode/utf8"
)

const (
	maxName = 6 << 10 // bytes of a document's name
	maxID   = 1500    // bytes of a collection's id and a document's
)

// name of a document.
type name struct {
	collection string // its whole name
	id         string
}

func (n name) String() string { return n.collection + "/" + n.id }

// table is the collection's id.
func (n name) table() string { return n.collection[strings.LastIndexByte(n.collection, '/')+1:] }

// isRoot says whether a text names the documents of a database:
// "projects/<p>/databases/<d>/documents".
func isRoot(text string) bool {
	project, rest, ok := strings.Cut(strings.TrimPrefix(text, "projects/"), "/databases/")
	database, isRoot := strings.CutSuffix(rest, "/documents")
	return ok && isRoot && isSegment(project) && isSegment(database) && strings.HasPrefix(text, "projects/")
}

func isSegment(text string) bool { return text != "" && !strings.Contains(text, "/") }

// parseName reads the name of a document in a collection at the top of root.
func parseName(root, text string) (name, error) {
	path, ok := strings.CutPrefix(text, root+"/")
	if !ok {
		return name{}, invalid("Document name %q is not of the request's database", text)
	}
	collection, id, ok := strings.Cut(path, "/")
	if err := checkID(collection); err != nil {
		return name{}, err
	}
	switch deeper := strings.Count(id, "/"); {
	case !ok || deeper%2 == 1:
		return name{}, invalid("Document name %q names no document", text)
	case deeper > 0:
		return name{}, unknown("collections of a document")
	case len(text) > maxName:
		return name{}, invalid("Document name is longer than %d bytes", maxName)
	}
	return name{text[:len(root)+1+len(collection)], id}, checkID(id)
}

// checkID refuses ids that no collection and no document can have. The length is
// another matter: see checkLength.
func checkID(id string) error {
	switch {
	case id == "", id == ".", id == "..", !utf8.ValidString(id):
		return invalid("Resource id %q is invalid", id)
	case isReserved(id):
		return invalid("Resource id %q is invalid because it is reserved.", id)
	}
	return nil
}

// isReserved says whether a text is __.*__, as Firestore documents; the emulator
// takes "____".
func isReserved(text string) bool {
	return len(text) >= 4 && strings.HasPrefix(text, "__") && strings.HasSuffix(text, "__")
}

// checkLength of ids: a document of a longer name can be asked for, not written.
func (n name) checkLength() error {
	if len(n.id) > maxID || len(n.table()) > maxID {
		return invalid("The key path element name is longer than %d bytes.", maxID)
	}
	return nil
}

// size in bytes, as Firestore counts.
func (n name) size() int { return len(n.table()) + 1 + len(n.id) + 1 + 16 }
