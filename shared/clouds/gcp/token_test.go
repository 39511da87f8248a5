package gcp

import "testing"

// A person's token is sent as it is, and the metadata server, which a laptop
// does not have, is not asked for one.
func TestAPersonsToken(t *testing.T) {
	metadata, pubsub := newGoogle(t, stored), newGoogle(t, stored)
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project", "GOOGLE_OAUTH_ACCESS_TOKEN": "a-persons-token", "GCE_METADATA_HOST": metadata.Listener.Addr().String()}
	c, err := FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	c.pubsub.url = pubsub.URL
	if err := c.Topic("events").Publish(t.Context(), example); err != nil {
		t.Fatal(err)
	}
	if got := pubsub.requests[0].Header.Get("Authorization"); got != "Bearer a-persons-token" || metadata.calls() != 0 {
		t.Errorf("sent %q after asking for %d", got, metadata.calls())
	}
}
