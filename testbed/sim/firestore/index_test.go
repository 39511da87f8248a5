package firestore

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

func TestComposite_storage(t *testing.T) {
	module, err := os.ReadFile("../../../terraform/gcp/storage.tf")
	if err != nil {
		t.Fatal(err)
	}
	var indexes []string
	for _, block := range regexp.MustCompile(`(?s)"google_firestore_index" .*?\n}`).FindAll(module, -1) {
		var index string
		for i, value := range regexp.MustCompile(`(?:collection|field_path|order) += "?(\w+)`).FindAllSubmatch(block, -1) {
			if i > 0 {
				index += " "
			}
			index += string(value[1])
		}
		indexes = append(indexes, index)
	}
	if slices.Sort(indexes); !slices.Equal(indexes, composite) {
		t.Errorf("terraform declares %q, the simulation %q", indexes, composite)
	}
	var fields []string
	list := regexp.MustCompile(`(?s)for path in \[.*?\]`).Find(module)
	for _, path := range regexp.MustCompile(`"(\w+/\w+)"`).FindAllSubmatch(list, -1) {
		fields = append(fields, string(path[1]))
	}
	if !slices.Equal(fields, unindexed) {
		t.Errorf("terraform leaves %q without an index, the simulation %q", fields, unindexed)
	}
}
