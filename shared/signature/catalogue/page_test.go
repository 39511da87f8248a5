package catalogue_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
)

var update = flag.Bool("update", false, "write the table of docs/schemes.md anew")

const page = "../../../docs/schemes.md"

// The last table of the page is the catalogue.
func TestPageHasTheCatalogue(t *testing.T) {
	const head = "| platform | name | text | sure | notes |\n"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), head)
	table := &strings.Builder{}
	table.WriteString(head + "|---|---|---|---|---|\n")
	for _, e := range catalogue.All() {
		cells := []string{e.Title, "`" + e.Name + "`", "`" + e.Scheme + "`", e.Certainty, e.Notes}
		table.WriteString("| " + strings.ReplaceAll(strings.Join(cells, "\x00"), "|", `\|`) + " |\n")
	}
	want := text + strings.ReplaceAll(table.String(), "\x00", " | ")
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Error("docs/schemes.md is out of date: go test ./shared/signature/catalogue -run TestPage -update")
	}
}

func TestPageExplainsEveryItem(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, items, _ := strings.Cut(string(data), "## Items")
	items, _, _ = strings.Cut(items, "##")
	for _, name := range signature.ItemNames {
		if !strings.Contains(items, "`"+name+"`") {
			t.Errorf("docs/schemes.md does not explain %s", name)
		}
	}
}
