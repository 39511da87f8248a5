package policytest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var heading = regexp.MustCompile(`(?m)^## (.+)$`)

// Whoever is woken by an alarm finds its section: every alarm links one that
// exists, and no section waits for an alarm that does not.
func TestEveryAlarmLinksItsSectionOfTheRunbook(t *testing.T) {
	runbook, err := os.ReadFile(root + "docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, h := range heading.FindAllStringSubmatch(string(runbook), -1) {
		sections = append(sections, strings.ToLower(h[1]))
	}
	alarms := templateSystem(t, nil).Alarms
	rung := map[string]bool{"dup": true} // a number to look at
	for code, a := range alarms {
		section, _, _ := strings.Cut(strings.ToLower(code), "-") // AGE-OUTBOUND is about AGE
		rung[section] = true
		link := a.Description[strings.LastIndexByte(a.Description, ' ')+1:]
		file, anchor, _ := strings.Cut(link, "#")
		if !strings.HasSuffix(file, "/docs/runbook.md") || anchor != section || !slices.Contains(sections, anchor) {
			t.Errorf("alarm %s links %s", code, link)
		}
	}
	for _, section := range sections {
		if !rung[section] {
			t.Errorf("no alarm links section %s", section)
		}
	}
}

// What rings by a line of the log must be written by somebody: an alarm that
// nothing can ring is worse than none.
func TestEveryCodeIsLoggedBySomething(t *testing.T) {
	var sources strings.Builder
	for _, folder := range []string{"shared", "functions"} {
		err := filepath.WalkDir(root+folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/operator/") {
				return err
			}
			text, err := os.ReadFile(name)
			sources.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	codes := 0
	for code, a := range templateSystem(t, nil).Alarms {
		if a.Metric != "Codes" {
			continue
		}
		codes++
		if !strings.Contains(sources.String(), `"`+code+`"`) {
			t.Errorf("nothing logs the code %s", code)
		}
	}
	if codes < 12 {
		t.Errorf("only %d alarms count codes", codes)
	}
}
