package gcp

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// NewLog makes the logger of a function: one JSON object a line with the keys
// that Cloud Logging knows (severity, message, time). The log-based metrics
// count by the field "code".
func NewLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: asCloudLogging}))
}

func asCloudLogging(groups []string, a slog.Attr) slog.Attr {
	switch {
	case len(groups) > 0:
	case a.Key == slog.MessageKey:
		a.Key = "message"
	case a.Key == slog.LevelKey:
		a.Key = "severity"
		if a.Value.String() == "WARN" {
			a.Value = slog.StringValue("WARNING")
		}
	}
	return a
}

// RequestID gives the trace id that Cloud Run puts on each request, by which its
// request log is found; "" if there is none. The caller may have chosen it.
func RequestID(r *http.Request) string {
	id, _, _ := strings.Cut(r.Header.Get("X-Cloud-Trace-Context"), "/")
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}
