package calls

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// gabberSettings are what Gabber's calls are configured with.
type gabberSettings struct {
	envelope.Private
	API          gabberAPI      // without a doer; with an empty key it is never called
	Price        strict.Decimal // of a conversational second, in credits; not positive: no limit can be computed
	EndExhausted bool           // end the live sessions of a human with nothing left
}

func (g *gabberSettings) variables() []config.Variable {
	return []config.Variable{
		{Name: "GABBER_API_KEY", Set: g.setKey},
		{Name: "GABBER_API_URL", Default: DefaultGabberAPI, Set: g.setURL},
		{Name: "TARIFF", Default: accounts.DefaultTariff, Set: g.setTariff},
		config.Bool("END_EXHAUSTED_SESSIONS", &g.EndExhausted),
	}
}

func (g *gabberSettings) setKey(text string) error {
	g.API.Key = text
	err := signature.CheckCopied(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) { // no header carries it
		err = cmp.Or(err, errors.New("has a blank, a line break or another character no key has"))
	}
	return err
}

func (g *gabberSettings) setURL(text string) error {
	g.API.Base = strings.TrimSuffix(text, "/")
	_, err := hostOf(g.API.Base)
	return err
}

func (g *gabberSettings) setTariff(text string) error {
	tariff, err := accounts.ParseTariff(text)
	g.Price = tariff[limitedUsage]
	return err
}

// gabber adds what Gabber is told.
func (t *table) gabber(s gabberSettings, to Ports, log *slog.Logger) {
	api := s.API
	api.Doer = to.Doer
	if api.Key == "" {
		log.Warn("GABBER_API_KEY is not set: Gabber is never called") // without a code: a fork without Gabber needs no ticket
		t.watched = "no key"
		t.rows[followups.SpeechRequested], t.rows[followups.HumanFound] = skip("no key"), skip("no key")
		t.rows[followups.VendorDebit] = webhook.Each("debited", func(context.Context, webhook.Event) ([]webhook.Event, error) { return nil, errNoKey })
		return
	}
	sessions := &gabberSessions{API: api, Records: to.Records}
	if s.EndExhausted {
		t.end = sessions.EndAll
	}
	t.rows[followups.HumanFound] = webhook.Reaction(sessions.Attach).Each()
	t.rows[followups.SpeechRequested] = webhook.Reaction((&speech{api, to.Records, to.Now, to.Jitter}).Say).Each()
	t.rows[followups.VendorDebit] = webhook.Each("debited", (&debits{api, to.Records}).Post)
	if s.Price.Sign() <= 0 {
		log.Warn("TARIFF has no price for conversational_seconds: no limit is pushed", "code", webhook.CodeConfig)
		t.watched = "no price"
		return
	}
	t.limits = &limits{Ledger: to.Ledger, API: api, Price: s.Price, Log: log}
}

var errNoKey = fmt.Errorf("%w: GABBER_API_KEY is not set", outbound.ErrRefused)
