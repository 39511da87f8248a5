package sim

import (
	"context"
	"encoding/json"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

// store is the clouds' store of secrets.
type store struct {
	valid map[string][]string // by platform, newest first
	keys  string              // outbound's settings
}

func newStore(p *plan) store {
	s := store{valid: map[string][]string{}, keys: fakeapi.SecretJSON()}
	for name := range p.signings {
		s.valid[name] = []string{p.secretOf(name, 1)}
		s.valid[webhook.VerifyToken(name)] = []string{tokenOf(name)}
	}
	return s
}

// secretOf is the nth secret of a platform.
func (p *plan) secretOf(platform string, n int) string {
	return p.signings[platform].Secret("test-secret-" + platform + "-" + string(rune('a'+n)) + "-0123456789abcdef")
}

// text is a secret as it is stored.
func (s *store) text(name string) []byte {
	if name == "outbound" {
		return []byte(s.keys)
	}
	text, _ := json.Marshal(s.valid)
	return text
}

// manager answers Secrets Manager's GetSecretValue.
func (s *store) manager(body []byte) answer {
	var in struct{ SecretId string }
	if json.Unmarshal(body, &in) != nil {
		return awsError(400, "InvalidRequestException")
	}
	out, _ := json.Marshal(map[string]string{"SecretString": string(s.text(in.SecretId))})
	return answer{status: 200, body: out}
}

// reactions are the settings of the worker's reactions.
func (w *world) reactions() handlers.Settings {
	s, err := handlers.SettingsFromEnv(variables(w.plan.env))
	if err != nil {
		panic(err)
	}
	return s
}

// starting makes a function of one that reads its settings from a secret first. An
// instance that cannot start ends, and its messages come back.
func (w *world) starting(p *process, fetch secrets.Fetch, start func(calls.Settings) batch) batch {
	var ready batch
	return func(ctx context.Context, messages []queue.Received) ([]bool, error) {
		p.mu.Lock()
		handle := ready
		p.mu.Unlock()
		if handle == nil {
			env := variables(w.plan.env, map[string]string{"GABBER_API_URL": platformURL})
			env, err := secrets.Overlay(ctx, fetch, env, calls.Variables(), p.log)
			if err != nil {
				return nil, err
			}
			settings, err := calls.SettingsFromEnv(env)
			if err != nil {
				return nil, err
			}
			handle = start(settings)
			taskOf(ctx).begun = time.Now() // a cold start has time of its own
			p.mu.Lock()
			ready = handle
			p.mu.Unlock()
		}
		return handle(ctx, messages)
	}
}
