package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// capture is a delivery as it was written down.
type capture struct {
	request signature.Request
	address string
	at      time.Time // when it arrived, zero if that is not known
}

// readCapture reads an event of Lambda, else HTTP.
func readCapture(data []byte) (capture, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 {
		return capture{}, errors.New("the delivery is empty")
	} else if trimmed[0] == '{' {
		return readEvent(trimmed)
	}
	return readHTTP(data)
}

// readEvent reads an event of a Function URL or of API Gateway.
func readEvent(data []byte) (capture, error) {
	var event struct {
		Headers         map[string]string
		Cookies         []string
		Body            string
		IsBase64Encoded bool
		RawPath         string
		RawQueryString  string
		RequestContext  struct {
			TimeEpoch  int64
			DomainName string
			HTTP       struct{ Method string }
		}
	}
	if err := json.Unmarshal(data, &event); err != nil || event.Headers == nil {
		return capture{}, errors.New("the delivery begins with { and is no event of a Function URL with headers and a body")
	}
	in := event.RequestContext
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		if err != nil {
			return capture{}, errors.New("the event's body is not the base64 that isBase64Encoded says")
		}
		body = decoded
	}
	c := capture{request: signature.Request{Method: in.HTTP.Method, Query: event.RawQueryString, Header: signature.Header{}, Body: body}}
	for name, value := range event.Headers {
		c.request.Header[name] = append(c.request.Header[name], value)
	}
	if in.TimeEpoch > 0 {
		c.at = time.UnixMilli(in.TimeEpoch)
	}
	if in.DomainName != "" {
		c.address = "https://" + in.DomainName + event.RawPath
	}
	return c, nil
}

// readHTTP reads headers, an empty line and a body; a request line may stand before them.
func readHTTP(data []byte) (capture, error) {
	c := capture{request: signature.Request{Method: "POST", Header: signature.Header{}}}
	path := ""
	for number, rest := 1, data; ; number++ {
		line, after, more := bytes.Cut(rest, []byte("\n"))
		text := string(bytes.TrimSuffix(line, []byte("\r")))
		rest = after
		if text == "" {
			c.request.Body = bytes.Clone(rest)
			break
		}
		name, value, isHeader := strings.Cut(text, ":")
		words := strings.Fields(text)
		switch {
		case number == 1 && len(words) == 3 && strings.HasPrefix(words[2], "HTTP/"):
			target, err := url.Parse(words[1])
			if err != nil {
				return capture{}, errors.New("the address of the request line cannot be read")
			}
			c.request.Method, c.request.Query, path = words[0], target.RawQuery, target.EscapedPath()
		case !isHeader || name == "" || strings.ContainsAny(name, " \t"):
			return capture{}, fmt.Errorf("line %d is no header: the headers end with an empty line, then comes the body", number)
		default:
			c.request.Header[name] = append(c.request.Header[name], strings.Trim(value, " \t"))
		}
		if !more {
			break
		}
	}
	if host := c.request.Header.Values("Host"); len(host) == 1 {
		c.address = "https://" + host[0] + path
	}
	return c, nil
}
