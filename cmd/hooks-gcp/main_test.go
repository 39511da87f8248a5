package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/operator/operatortest"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
)

func TestMain(m *testing.M) { operatortest.Main(m, main) }

func TestOpenAndOperate(t *testing.T) {
	firestore, pubsub := gcptest.Firestore(t), gcptest.PubSub(t)
	env := gcptest.Env(firestore, pubsub)
	project := env("GOOGLE_CLOUD_PROJECT")
	pubsub.Topic(t, project, "outbound")
	pubsub.Subscription(t, project, "outbound", "outbound", nil)
	operatortest.Run(t, operatortest.Command(t, "GOOGLE_CLOUD_PROJECT="+project, "FIRESTORE_DATABASE=webhooks", "OUTBOUND_TOPIC=outbound", "EVENTS_TOPIC=events", "ACCOUNT_PER_PROJECT=false",
		"FIRESTORE_EMULATOR_HOST="+firestore.Addr, "PUBSUB_EMULATOR_HOST="+pubsub.Addr))
	if n := len(pubsub.Pull(t, project, "outbound")); n != operatortest.Bookings {
		t.Errorf("outbound is notified %d times, want once a booking", n)
	}
}

// The output operator sets every variable of a deployment.
func TestVariables(t *testing.T) {
	for _, file := range []string{"terraform/gcp/outputs.tf"} {
		text, err := os.ReadFile("../../" + file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a fork may keep one of them
		}
		_, output, _ := strings.Cut(string(text), "export ")
		_, err = config.Read[variables](func(name string) string {
			if strings.Contains(output, " "+name+"=${") {
				return "set"
			}
			return ""
		})
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
