// Package planted tests the simulator: each fault of a table is put into the product,
// and the simulator must break a promise of it within a bounded number of histories.
//
//	make sim-planted                                        all faults; some minutes
//	go test -tags planted -v ./testbed/sim/planted -run 'found/fault/ack'
//
// A fault is a text of a file and what stands there instead. The tree is not touched:
// the altered file is laid over it with `go build -overlay`. The old text must be in
// the file exactly once, which a plain `go test` checks. So a change of the product
// that takes the text away makes the row red: find the same fault in the new code.
//
// A fault that the simulator does not find is a hole of the simulator, or it is no
// fault. docs/simulator.md says where to put what is missing.
package planted

// fault is one mistake in the product.
type fault struct {
	name  string
	file  string
	edits []edit
}

// edit replaces old, which is in the file once.
type edit struct{ old, new string }
