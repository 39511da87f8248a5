//go:build sam

package awslocal_test

import "testing"

// The documented path with Docker.
func TestSAMLocal(t *testing.T) {
	invoke := samLocal(t)
	server, port := start(t)
	t.Setenv("SAM_LOCAL_ENDPOINT", "http://host.docker.internal:"+port)
	pipeline(t, server, func(function string) string { return invoke(function, "events/aws-"+function+".gabber.json") })
}
