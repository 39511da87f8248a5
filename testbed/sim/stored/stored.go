// Package stored is what a simulated database tells of its writes, in plain Go
// values: invariants are checked without the code that is being tested.
package stored

// Item is one item of a table or one document: attributes by name, each a string,
// an int64 or a []byte.
type Item map[string]any

// Change is one item before and after a write; nil stands for an item that is not
// there. The changes of one atomic write are told together.
type Change struct {
	Table    string // of DynamoDB; the collection of Firestore
	Key      string // unique within Table
	Old, New Item
}
