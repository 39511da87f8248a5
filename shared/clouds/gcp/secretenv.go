package gcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/webhook-functions/template/shared/secrets"
)

// ErrSecret: the secret with a function's settings cannot be read, or is not a
// JSON object of strings.
var ErrSecret = errors.New("the secret cannot be used")

// SecretEnv is a secret with settings of a function, so that keys need not be in
// an environment, where everybody may read them who may read the function's
// configuration. It is a file that Cloud Run mounts:
//
//	{"GABBER_API_KEY": "…", "LEADS_FORWARD_SECRET": "whsec_…"}
type SecretEnv struct {
	read func() ([]byte, error)

	mu      sync.Mutex
	reading *reading // the one under way, nil if none is
}

// NewSecretEnv gives the settings in a file, which is not opened before they are
// needed.
func NewSecretEnv(file string) *SecretEnv {
	return &SecretEnv{read: func() ([]byte, error) { return os.ReadFile(file) }}
}

// Over reads the file and lays its values over env. An empty file and an empty
// object add nothing, and mean it: somebody put them there. A file that is not
// there is no such answer, for Cloud Run always mounts one; taken for one it
// would have a function call nobody for as long as it runs. That and every other
// error is [ErrSecret], comes within ten seconds, and quotes no value. Of a member
// that is not among the known ones the log has a line.
func (s *SecretEnv) Over(env func(string) string, known []string, log *slog.Logger) (func(string) string, error) {
	text, err := s.text()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return env, nil
	}
	if env, err = secrets.Over(context.Background(), text, env, known, log); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	return env, nil
}

// text leaves a read that hangs to the next try, which finds out at once what
// became of it.
func (s *SecretEnv) text() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading == nil {
		s.reading = beginReading(s.read)
	}
	r := s.reading
	r.wait(context.Background(), r.left())
	if !r.ended() {
		return nil, errHangs
	}
	s.reading = nil
	return r.text, r.err
}
