package aws_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/aws"
)

func TestNewLog(t *testing.T) {
	for level, lines := range map[string]int{"": 2, "TRACE": 2, "INFO": 2, "WARN": 1, "ERROR": 0, "DEBUG": 3} {
		var out bytes.Buffer
		log := aws.NewLog(&out, func(name string) string { return map[string]string{"AWS_LAMBDA_LOG_LEVEL": level}[name] })
		log.Warn("refused", "code", "SIG")
		log.Debug("d")
		log.Info("i")
		if got := bytes.Count(out.Bytes(), []byte("\n")); got != lines {
			t.Errorf("level %q: %d lines, want %d", level, got, lines)
		}
		var line map[string]string
		if err := json.NewDecoder(&out).Decode(&line); lines > 0 && (err != nil || line["timestamp"] == "" || line["level"] != "WARN" || line["message"] != "refused" || line["code"] != "SIG" || len(line) != 4) {
			t.Errorf("level %q: line %v, %v", level, line, err)
		}
	}
}
