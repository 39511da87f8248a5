package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// maxPayload is Lambda's limit for a synchronous event, in bytes.
const maxPayload = 6 << 20

// URL is the Function URL of f (no auth, buffered). It makes an event in
// payload format 2.0 of a request and a reply of the function's answer:
//
//   - header names are lower case, several values are joined with ",";
//   - a body travels as text if its media type is text, JSON, XML or JavaScript
//     (bytes that are not UTF-8 are then lost, as on Lambda), else in base64;
//   - an event over 6 MB is answered 413, an error, a crash, a timeout or an
//     answer that is no reply 502;
//   - JSON without a statusCode is believed to be the body of a 200.
func URL(f *Function) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := URLEvent(r)
		if err != nil {
			http.Error(w, `{"message":"Bad Request"}`, http.StatusBadRequest)
			return
		}
		payload, _ := json.Marshal(event) // strings and numbers only
		if len(payload) > maxPayload {
			http.Error(w, `{"message":"Request Too Long"}`, http.StatusRequestEntityTooLarge)
			return
		}
		answer, err := f.Invoke(r.Context(), payload)
		if err != nil {
			badGateway(w)
			return
		}
		writeReply(w, answer)
	})
}

// URLEvent makes the event of a request. It reads at most one byte over 6 MB.
func URLEvent(r *http.Request) (events.LambdaFunctionURLRequest, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	if err != nil {
		return events.LambdaFunctionURLRequest{}, err
	}
	now := time.Now().UTC()
	host, _, _ := net.SplitHostPort(r.RemoteAddr) // always well formed on a server
	event := events.LambdaFunctionURLRequest{
		Version:               "2.0",
		RawPath:               r.URL.EscapedPath(),
		RawQueryString:        r.URL.RawQuery,
		Headers:               headers(r, host),
		QueryStringParameters: joined(r.URL.Query(), func(name string) string { return name }),
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "anonymous", RequestID: requestID(), APIID: "lambdatest",
			DomainName: "lambdatest.lambda-url.us-east-1.on.aws", DomainPrefix: "lambdatest",
			Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.EscapedPath(), Protocol: r.Proto, SourceIP: host, UserAgent: r.UserAgent(),
			},
		},
	}
	for _, c := range r.Cookies() {
		event.Cookies = append(event.Cookies, c.String())
	}
	event.Body, event.IsBase64Encoded = string(body), false
	if !travelsAsText(r.Header.Get("Content-Type")) {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), len(body) > 0
	}
	return event, nil
}

// headers are those of the request and those Lambda's front adds; cookies are a
// field of their own.
func headers(r *http.Request, client string) map[string]string {
	all := joined(r.Header, strings.ToLower)
	delete(all, "cookie")
	if r.ContentLength >= 0 {
		all["content-length"] = strconv.FormatInt(r.ContentLength, 10)
	}
	all["host"] = r.Host
	all["x-forwarded-for"] = client
	all["x-forwarded-proto"] = "https"
	all["x-forwarded-port"] = "443"
	return all
}

func joined(values map[string][]string, rename func(string) string) map[string]string {
	all := make(map[string]string, len(values))
	for name, v := range values {
		all[rename(name)] = strings.Join(v, ",")
	}
	return all
}

func travelsAsText(contentType string) bool {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	media = strings.TrimSpace(media)
	return strings.HasPrefix(media, "text/") ||
		slices.Contains([]string{"application/json", "application/xml", "application/javascript"}, media)
}

func writeReply(w http.ResponseWriter, answer []byte) {
	var reply struct {
		events.LambdaFunctionURLResponse
		StatusCode *int `json:"statusCode"`
	}
	err := json.Unmarshal(answer, &reply)
	if json.Valid(answer) && reply.StatusCode == nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // the peer may be gone
		return
	}
	body := []byte(reply.Body)
	if err == nil && reply.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(reply.Body)
	}
	if err != nil || *reply.StatusCode < 100 || *reply.StatusCode > 599 {
		badGateway(w)
		return
	}
	for name, value := range reply.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range reply.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(*reply.StatusCode)
	_, _ = w.Write(body) // the peer may be gone
}

func badGateway(w http.ResponseWriter) {
	http.Error(w, "Internal Server Error", http.StatusBadGateway)
}
