package policytest

import (
	"os"
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
	for code, a := range alarms {
		section, _, _ := strings.Cut(strings.ToLower(code), "-") // AGE-OUTBOUND is about AGE
		link := a.Description[strings.LastIndexByte(a.Description, ' ')+1:]
		file, anchor, _ := strings.Cut(link, "#")
		if !strings.HasSuffix(file, "/docs/runbook.md") || anchor != section || !slices.Contains(sections, anchor) {
			t.Errorf("alarm %s links %s", code, link)
		}
	}
	for _, section := range sections {
		if _, ok := alarms[strings.ToUpper(section)]; !ok && section != "dup" {
			t.Errorf("no alarm links section %s", section)
		}
	}
}
