//go:build apply

package policytest

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

func init() {
	text, _ := strings.CutPrefix(eventstest.TimedScheme, "platform=g-tateth; ")
	applyOptions = append(applyOptions, "-var", `schemes={"g-tateth"="`+strings.ReplaceAll(text, `"`, `\"`)+`"}`)
	afterApply = append(afterApply, func(t *testing.T, endpoint string) {
		var ingest struct {
			Configuration struct {
				Environment struct{ Variables map[string]string }
			}
		}
		get(t, endpoint+"/2015-03-31/functions/"+stack+"-ingest", &ingest)
		tftest.CheckSwitched(t, func(name string) string { return ingest.Configuration.Environment.Variables[name] })
	})
}
