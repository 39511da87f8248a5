// Package docs leaves some of its names unexplained.
package docs

type Bare struct{}

func (Bare) Method() {}

func (b *Bare) Pointer() {}

func (Bare) String() string { return "" }

func Func() {}

var Var = 1

const Const = 1

//go:noinline
func OnlyADirective() {}

// Generic is explained.
type Generic[T any] struct{}

func (g Generic[T]) Method() {}

// Kind is explained, and its values by it.
type Kind string

const (
	One Kind = "one"
	Two Kind = "two"
)

// A group is explained.
var (
	Grouped = 1
	Behind  = 2
)

var (
	Beside  = 1 // explained
	Between = 2
)

type hidden struct{}

func (hidden) Method() {}
