//go:build planted

package planted

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var most = flag.Int("histories", 20_000, "within how many histories a fault must be found")

// half of the faults must be found within so many histories.
const half = 2_000

// TestFaults_found builds the simulator over each fault and runs it until a promise is
// broken.
func TestFaults_found(t *testing.T) {
	var mu sync.Mutex
	var counts []int
	t.Run("fault", func(t *testing.T) {
		turns := make(chan struct{}, 2)
		for _, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				turns <- struct{}{}
				defer func() { <-turns }()
				n, promise := find(t, f)
				fmt.Printf("%-55s %6d  %.100s\n", f.name, n, promise)
				mu.Lock()
				defer mu.Unlock()
				counts = append(counts, n)
			})
		}
	})
	if slices.Sort(counts); len(counts) > 0 && !t.Failed() {
		fmt.Printf("%d faults, half of them found within %d histories, all within %d\n", len(counts), counts[len(counts)/2], counts[len(counts)-1])
		if counts[len(counts)/2] > half {
			t.Errorf("half of the faults are not found within %d histories", half)
		}
	}
}

// find gives the number of histories it took and the promise that was broken.
func find(t *testing.T, f fault) (histories int, promise string) {
	simulator := build(t, f)
	command := exec.Command(simulator, "-test.v", "-test.timeout=0", "-test.run=TestSim", fmt.Sprint("-histories=", *most))
	command.Env = append(os.Environ(), "GOGC=400")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer command.Process.Kill() // one violation is enough
	if histories, promise = firstViolation(out); histories == 0 {
		t.Errorf("not found within %d histories: %s", *most, promise)
	}
	return histories, promise
}

// build makes the simulator's test with a fault in it.
func build(t *testing.T, f fault) (program string) {
	folder := t.TempDir()
	tree, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	altered, overlay, program := filepath.Join(folder, "altered.go"), filepath.Join(folder, "overlay.json"), filepath.Join(folder, "sim.test")
	description, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(tree, f.file): altered}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{altered: laid(t, f), overlay: string(description)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", program, "./testbed/sim")
	command.Dir = tree
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

var failing = regexp.MustCompile(`history (\d+) breaks a promise`)

// firstViolation reads what TestSim tells until a history fails. Without one it gives 0
// and the last line.
func firstViolation(out io.Reader) (history int, promise string) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if history > 0 {
			return history, strings.TrimSpace(lines.Text())
		}
		promise = lines.Text()
		if m := failing.FindStringSubmatch(promise); m != nil {
			history, _ = strconv.Atoi(m[1])
		}
		if strings.HasPrefix(promise, "panic: ") || strings.HasPrefix(promise, "fatal error: ") {
			return 0, promise
		}
	}
	return 0, promise
}
