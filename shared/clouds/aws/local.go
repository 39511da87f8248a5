package aws

import (
	"net/http"
	"net/url"
)

// LocalEndpoint is the variable that names the one address at which `sam local`
// finds a stand-in for AWS and for everything outbound calls. It counts only
// beside AWS_SAM_LOCAL=true, which `sam local` sets and Lambda does not: in the
// cloud the variable redirects nothing.
const LocalEndpoint = "SAM_LOCAL_ENDPOINT"

// standIn gives the address, and nil where there is none to use.
func standIn(env func(string) string) (*url.URL, error) {
	if env("AWS_SAM_LOCAL") != "true" || env(LocalEndpoint) == "" {
		return nil, nil
	}
	return parseEndpoint(LocalEndpoint, env)
}

// Outside is the way to everything that is not AWS: transport itself, or, where
// `sam local` runs the function, the stand-in, for each host that is called. So what
// outbound is allowed to call is the same here and in the cloud, and a try with
// sample events reaches no platform.
func (c *Client) Outside(transport http.RoundTripper) http.RoundTripper {
	if c.local == nil {
		return transport
	}
	return redirected{c.local, transport}
}

type redirected struct {
	to  *url.URL
	via http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (r redirected) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context()) // a RoundTripper does not change what it is given
	request.URL.Scheme, request.URL.Host = r.to.Scheme, r.to.Host
	return r.via.RoundTrip(request)
}
