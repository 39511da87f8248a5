package aws

import (
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLog makes the logger of a function: one JSON object a line with the keys
// CloudWatch knows (timestamp, level, message), in every configured format,
// because the alarms filter on the field "code". AWS_LAMBDA_LOG_LEVEL is obeyed.
func NewLog(w io.Writer, env func(string) string) *slog.Logger {
	level := slog.LevelInfo
	if level.UnmarshalText([]byte(env("AWS_LAMBDA_LOG_LEVEL"))) != nil {
		level = slog.LevelInfo // not set, or a level of other languages
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: lambdacontext.ReplaceAttr}))
}
