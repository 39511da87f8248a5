package gcp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/ledger"
)

// On Cloud Run env is os.Getenv.
func Example() {
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "acme-webhooks"}
	client, err := gcp.FromEnv(func(name string) string { return env[name] })
	fmt.Println(err)

	var store ledger.Store = client.Ledger("webhooks")
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // there is no Firestore here
	_, err = store.Account(ctx, "u1")
	fmt.Println(errors.Is(err, context.Canceled))
	// Output:
	// <nil>
	// true
}
