package exhaust

import (
	"fmt"
	"runtime"
)

// Code is production code behind ports. It gives every call of a port to ask and
// goes on with the answer; what it returns is the last of its calls, its result.
// It depends on nothing but the answers.
type Code[C, A comparable] func(ask func(C) A) C

// Process is code on its way: what it was answered so far. Zero is no process.
type Process int32

// Processes finds what code does next by running it on the answers it got so far.
type Processes[C, A comparable] struct {
	nodes  []node[C, A]
	ended  map[C]Process // what is left of a process that ended is its result
	begins map[int]Process
}

type node[C, A comparable] struct {
	code   Code[C, A]
	from   Process
	answer A // to the call of from
	call   C
	ended  bool
	next   map[A]Process
}

// Steps gives how many steps of processes are known.
func (p *Processes[C, A]) Steps() int { return max(0, len(p.nodes)-1) }

// Begin gives the process that starts code, which name stands for.
func (p *Processes[C, A]) Begin(name int, code Code[C, A]) Process {
	if p.begins == nil {
		p.begins, p.ended, p.nodes = map[int]Process{}, map[C]Process{}, make([]node[C, A], 1)
	}
	at, known := p.begins[name]
	if !known {
		at = p.add(node[C, A]{code: code})
		p.begins[name] = at
	}
	return at
}

// Call gives what a process asks for, or its result if it has ended.
func (p *Processes[C, A]) Call(at Process) (call C, ended bool) {
	return p.nodes[at].call, p.nodes[at].ended
}

// Answer gives the process that at is once its call is answered.
func (p *Processes[C, A]) Answer(at Process, answer A) Process {
	to, known := p.nodes[at].next[answer]
	if !known {
		to = p.add(node[C, A]{code: p.nodes[at].code, from: at, answer: answer})
		if p.nodes[at].next == nil {
			p.nodes[at].next = map[A]Process{}
		}
		p.nodes[at].next[answer] = to
	}
	return to
}

// add finds the call of a node.
func (p *Processes[C, A]) add(n node[C, A]) Process {
	var calls []C
	var answers []A
	for at, from := n, n.from; from != 0; at, from = p.nodes[from], p.nodes[from].from {
		calls, answers = append(calls, p.nodes[from].call), append(answers, at.answer)
	}
	n.call, n.ended = run(n.code, calls, answers)
	if at, known := p.ended[n.call]; n.ended && known {
		return at
	}
	p.nodes = append(p.nodes, n)
	at := Process(len(p.nodes) - 1)
	if n.ended {
		p.ended[n.call] = at
	}
	return at
}

// run runs code on answers, the newest first, to the calls it made before. It gives
// its next call or its result. Goexit ends it where the answers end: a handler's
// recover does not hold that up, as it would a panic.
func run[C, A comparable](code Code[C, A], calls []C, answers []A) (call C, ended bool) {
	type end struct {
		call  C
		ended bool
		wrong string
	}
	ends := make(chan end, 1)
	stop := func(e end) {
		select {
		case ends <- e:
		default: // a deferred function asks, too
		}
		runtime.Goexit()
	}
	go func() {
		left := len(answers)
		result := code(func(c C) A {
			if left == 0 {
				stop(end{call: c})
			}
			left--
			if c != calls[left] {
				stop(end{wrong: fmt.Sprintf("a process called %v, and on the same answers %v", calls[left], c)})
			}
			return answers[left]
		})
		stop(end{call: result, ended: true})
	}()
	first := <-ends
	if first.wrong != "" {
		panic(first.wrong)
	}
	return first.call, first.ended
}
