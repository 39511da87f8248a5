package exhaust

import (
	"errors"
	"slices"
	"testing"
)

// counter is a number that two processes add one to: each reads it and writes it back.
type counter struct {
	value     int8
	processes [2]Process
}

// count explores the counter; guard makes a write fail if the number is not what was read.
func count(faults int, guard bool, atRest func(counter) error) (Counts, error) {
	type step struct {
		op    string
		value int8
	}
	var processes Processes[step, int8]
	add := func(ask func(step) int8) step {
		for {
			read := ask(step{op: "read"})
			if written := ask(step{"write", read + 1}); written == 1 {
				return step{op: "done"}
			}
		}
	}
	begin := processes.Begin(1, add)
	moves := func(c counter, m *Moves[counter]) {
		for i, at := range c.processes {
			to := c
			next, ended := processes.Call(at)
			switch {
			case ended:
				continue
			case next.op == "read":
				to.processes[i] = processes.Answer(at, c.value)
			case guard && next.value != c.value+1:
				to.processes[i] = begin
			default:
				to.value, to.processes[i] = next.value, processes.Answer(at, 1)
			}
			m.Add(to, "%d %ss", i, next.op)
			to = c
			to.processes[i] = begin
			m.Fault(to, "%d dies", i)
		}
	}
	w := World[counter]{Begin: counter{processes: [2]Process{begin, begin}}, Faults: faults, Moves: moves, AtRest: atRest}
	return w.Explore()
}

func isTwo(c counter) error {
	if c.value != 2 {
		return errors.New("not two")
	}
	return nil
}

func TestExplore_shortestStory(t *testing.T) {
	_, err := count(3, false, isTwo)
	var v *Violation
	if want := []string{"0 reads", "1 reads", "0 writes", "1 writes"}; !errors.As(err, &v) || len(v.Story) != len(want) {
		t.Fatalf("%v, want a story like %q", err, want)
	}
	if slices.ContainsFunc(v.Story, func(what string) bool { return what == "0 dies" || what == "1 dies" }) {
		t.Errorf("a fault that is not needed: %q", v.Story)
	}
}

func TestExplore_holds(t *testing.T) {
	none, err := count(0, true, isTwo)
	if err != nil || none.AtRest == 0 {
		t.Fatalf("%+v, %v", none, err)
	}
	some, err := count(1, true, isTwo)
	if err != nil || some.States < none.States {
		t.Errorf("with a fault %+v, without %+v, %v", some, none, err)
	}
	again, _ := count(1, true, isTwo)
	if again != some {
		t.Errorf("%+v and then %+v", some, again)
	}
}

func TestExplore_neverRests(t *testing.T) {
	moves := func(w int, m *Moves[int]) {
		switch w {
		case 0:
			m.Add(1, "rests")
			m.Fault(2, "a fault")
		case 2:
			m.Add(3, "goes on")
		case 3:
			m.Add(2, "goes back")
		}
	}
	rests := func(int) error { return nil }
	if counts, err := (World[int]{Faults: 0, Moves: moves, AtRest: rests}).Explore(); err != nil || counts.States != 2 {
		t.Errorf("without faults %+v, %v", counts, err)
	}
	if _, err := (World[int]{Faults: 1, Moves: moves, AtRest: rests}).Explore(); !errors.Is(err, errNeverRests) {
		t.Errorf("with a fault: %v", err)
	}
}

func TestProcesses_recoverDoesNotHide(t *testing.T) {
	var processes Processes[int, int]
	at := processes.Begin(1, func(ask func(int) int) int {
		func() {
			defer func() { _ = recover() }()
			ask(1)
		}()
		return ask(2)
	})
	if call, ended := processes.Call(at); call != 1 || ended {
		t.Errorf("it calls %d, ended: %t", call, ended)
	}
	if call, _ := processes.Call(processes.Answer(at, 0)); call != 2 {
		t.Errorf("then it calls %d", call)
	}
}
