package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/webhook-functions/template/cmd/internal/drop"
)

type dropCmd struct {
	Name   string `arg:"" help:"A platform as in its route, a cloud or a part of the program. A wrong one lists them all."`
	DryRun bool   `help:"Only say what would go."`
}

// Run works on the source tree it stands in.
func (c *dropCmd) Run(ctx context.Context) error {
	root, err := treeAround(".")
	if err != nil {
		return err
	}
	selection, err := drop.Select(root, c.Name)
	if err != nil {
		return err
	}
	lines, err := selection.Lines()
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(append(selection.Gone, lines...), "\n"))
	if c.DryRun {
		return nil
	}
	if err := selection.Apply(); err != nil {
		return err
	}
	for _, check := range [][]string{{"build", "./..."}, {"vet", "./..."}} {
		cmd := exec.CommandContext(ctx, "go", check...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = root, os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go %s: what is left to do by hand is above", strings.Join(check, " "))
		}
	}
	fmt.Println("\nIt builds. Run go mod tidy and make test, and read what still names it: git grep -i", c.Name)
	return nil
}

// treeAround finds the folder of go.mod.
func treeAround(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod here or above: stand in the source tree")
		}
	}
	return "", err
}
