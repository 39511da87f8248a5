package signature_test

import (
	"fmt"

	"github.com/webhook-functions/template/shared/signature"
)

// While a secret is being rotated the ring holds both, and the id says which
// one is still in use.
func ExampleKeyring() {
	scheme := signature.Scheme{
		Header:    "X-Webhook-Signature",
		Algorithm: signature.SHA256,
		Encoding:  signature.Hex,
	}
	ring, err := signature.NewKeyring(scheme,
		signature.Secret{ID: "2026-02", Value: "kV3nq8Zt1Xw6Rb0LdYp5"},
		signature.Secret{ID: "2026-01", Value: "gabber-test-api-key-not-real"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	body := []byte(`{"type":"usage.tracked"}`)
	fmt.Println(verify(ring, "e87c834fd9e5508ac507be5b25de0d426c82f1d36d5f2535ae7817026c69569f", body))
	// Output: 2026-01 true
}
