package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/webhook-functions/template/shared/config"
)

// Client calls AWS services of one region with the credentials of one principal.
// It is safe for concurrent use, and one per process is enough.
type Client struct {
	region      string
	credentials sdk.CredentialsProvider
	endpoints   map[service]string // base URLs
	local       *url.URL           // the stand-in under `sam local`, else nil
	http        *http.Client
	signer      *v4.Signer
	now         func() time.Time
	random      func() float64 // in [0, 1)
}

// service is one that the client calls. Their JSON dialects differ in the content
// type only.
type service struct {
	name        string // it signs with, and in its address
	variable    string // its own override of AWS_ENDPOINT_URL
	contentType string
}

var (
	sqs            = service{"sqs", "AWS_ENDPOINT_URL_SQS", "application/x-amz-json-1.0"}
	dynamoDB       = service{"dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", "application/x-amz-json-1.0"}
	secretsManager = service{"secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "application/x-amz-json-1.1"}
	services       = []service{sqs, dynamoDB, secretsManager}
)

// variables are set by Lambda. Credentials are read once: Lambda ends an instance
// before they expire.
type variables struct {
	AccessKeyID     string `env:"AWS_ACCESS_KEY_ID"`
	SecretAccessKey string `env:"AWS_SECRET_ACCESS_KEY"`
	SessionToken    string `env:"AWS_SESSION_TOKEN,optional"`
}

// FromEnv makes a client of the variables Lambda sets; env gives "" for one that
// is not set. All faults are reported together and no value is quoted.
func FromEnv(env func(string) string) (*Client, error) {
	v, varErr := config.Read[variables](env)
	c, err := New(env, sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: v.AccessKeyID, SecretAccessKey: v.SecretAccessKey, SessionToken: v.SessionToken}, nil
	}))
	return c, errors.Join(err, varErr)
}

// New makes a client with other credentials than the function's; env gives the
// region and the endpoints.
func New(env func(string) string, credentials sdk.CredentialsProvider) (*Client, error) {
	v, err := config.Read[struct {
		Region string `env:"AWS_REGION"`
	}](env)
	c := &Client{
		region:      v.Region,
		credentials: credentials,
		endpoints:   make(map[service]string),
		http:        &http.Client{Transport: newTransport(), CheckRedirect: noRedirect},
		signer:      v4.NewSigner(),
		now:         time.Now,
		random:      rand.Float64,
	}
	return c, errors.Join(err, c.locate(env))
}

// Over gives a client that calls through transport and takes its jitter from random, in
// [0, 1): a simulation is both.
func (c *Client) Over(transport http.RoundTripper, random func() float64) *Client {
	over := *c
	over.http, over.random = &http.Client{Transport: transport, CheckRedirect: c.http.CheckRedirect}, random
	return &over
}

// locate finds the endpoints of all services.
func (c *Client) locate(env func(string) string) error {
	local, err := standIn(env)
	c.local = local
	faults := []error{err}
	for _, s := range services {
		c.endpoints[s], err = c.endpoint(s, env)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (c *Client) endpoint(s service, env func(string) string) (string, error) {
	if c.local != nil {
		return c.local.String() + "/", nil
	}
	for _, name := range []string{s.variable, "AWS_ENDPOINT_URL"} {
		if env(name) == "" {
			continue
		}
		u, err := parseEndpoint(name, env)
		if err != nil {
			return "", err
		}
		return u.String() + "/", nil
	}
	return fmt.Sprintf("https://%s.%s.%s/", s.name, c.region, domain(c.region)), nil
}

func parseEndpoint(name string, env func(string) string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(env(name), "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fmt.Errorf("%s is not a URL", name)
	}
	return u, nil
}

// domain of a region's partition. Regions of partitions that are not listed need
// AWS_ENDPOINT_URL.
func domain(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "amazonaws.com.cn"
	case strings.HasPrefix(region, "eusc-"):
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// noRedirect: a signed request is meant for one host.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
