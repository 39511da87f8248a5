package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// asked gives the handshake that a delivery is, of those that are signed or of the
// others. The body of a signed one is read after it is verified.
func asked(p webhook.Provider, d webhook.Delivery, kind bool) (webhook.Handshake, bool) {
	i := slices.IndexFunc(p.Handshakes, func(h webhook.Handshake) bool {
		return h.Signed == kind && h.Method == d.Method && isAsked(h, d.Signed())
	})
	if i < 0 {
		return webhook.Handshake{}, false
	}
	return p.Handshakes[i], true
}

const signed, unsigned = true, false

// isAsked: what is there twice is a handshake too, and refused later.
func isAsked(h webhook.Handshake, q signature.Request) bool {
	place, value, isValue := h.Condition()
	text, n := q.Value(place)
	return n > 1 || n == 1 && (!isValue || text == value)
}

// handshake answers a handshake or refuses it. by is empty for one that is not signed.
func (in *Ingest) handshake(ctx context.Context, p webhook.Provider, d webhook.Delivery, h webhook.Handshake, by believed) webhook.Reply {
	reply, err := in.answer(ctx, p, d, h, by)
	if err != nil {
		return in.Refuse(ctx, d, err)
	}
	in.Log.LogAttrs(ctx, slog.LevelInfo, "handshake", slog.String("request", d.ID), slog.String("provider", p.Name), slog.Int("status", reply.Status))
	return reply
}

// answer fills in what the platform wants to read: of the request the challenge alone.
func (in *Ingest) answer(ctx context.Context, p webhook.Provider, d webhook.Delivery, h webhook.Handshake, by believed) (webhook.Reply, error) {
	challenge, err := challengeOf(h, d.Signed())
	if err = cmp.Or(in.admit(d), err); err != nil {
		return webhook.Reply{}, err
	}
	if h.Token != "" {
		err = in.checkToken(ctx, p, d)
	}
	hmac := ""
	if h.HMAC != "" && err == nil {
		hmac, err = in.hmac(ctx, p, h, challenge, by)
	}
	if err != nil {
		return webhook.Reply{}, err
	}
	body := strings.NewReplacer("{challenge}", challenge, "{hmac}", hmac).Replace(h.Body)
	return webhook.Reply{Status: h.Status, ContentType: h.ContentType, Body: body}, nil
}

// Challenges are bounded: 1 to maxChallenge of these characters and those of the row.
const (
	maxChallenge = 128
	alphabet     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
)

func isChallenge(text, extra string) bool {
	return 0 < len(text) && len(text) <= maxChallenge && strings.Trim(text, alphabet+extra) == ""
}

// challengeOf reads the challenge, "" of a handshake that has none.
func challengeOf(h webhook.Handshake, q signature.Request) (string, error) {
	place, _, _ := h.Condition()
	if _, n := q.Value(place); n != 1 {
		return "", errChallenge
	}
	if h.Challenge == "" {
		return "", nil
	}
	text, n := q.Value(h.Challenge)
	if n != 1 || !isChallenge(text, h.Extra) {
		return "", errChallenge
	}
	return text, nil
}

func (in *Ingest) checkToken(ctx context.Context, p webhook.Provider, d webhook.Delivery) error {
	name := webhook.VerifyToken(p.Name)
	ring, err := in.Keyrings.Keyring(ctx, name)
	if err != nil {
		return unavailable(err)
	}
	if _, err = in.verifyWith(ring, d, func() webhook.Verifier { return in.Keyrings.Refresh(ctx, name) }); err != nil {
		return errToken
	}
	return nil
}

// hmac is made with the key that verified the request, else with the platform's first.
func (in *Ingest) hmac(ctx context.Context, p webhook.Provider, h webhook.Handshake, challenge string, by believed) (string, error) {
	if by.ring == nil {
		ring, err := in.Keyrings.Keyring(ctx, p.Name)
		if err != nil {
			return "", unavailable(err)
		}
		by.ring = ring
	}
	if answers, ok := by.ring.(interface {
		Answer(keyID, challenge string, encoding signature.Encoding) string
	}); ok {
		if text := answers.Answer(by.KeyID, challenge, h.HMAC); text != "" {
			return text, nil
		}
	}
	return "", &unavailableError{code: webhook.CodeConfig, err: errors.New("the keyring answers no challenge")}
}

// checkBody: where the HMAC of a challenge is answered, that may be the signature of a
// body that could be one.
func checkBody(p webhook.Provider, d webhook.Delivery) error {
	answers := func(h webhook.Handshake) bool { return h.HMAC != "" }
	if len(d.Body) <= maxChallenge && strings.Trim(string(d.Body), alphabet) == "" && slices.ContainsFunc(p.Handshakes, answers) {
		return &mismatchError{signature.ErrMismatch, "a body that is no challenge", "a body that could be one"}
	}
	return nil
}

// allowed are the methods of a route.
func allowed(p webhook.Provider) string {
	if slices.ContainsFunc(p.Handshakes, func(h webhook.Handshake) bool { return h.Method == "GET" }) {
		return "GET, POST"
	}
	return "POST"
}

// isOfHandshake: the refusal of a handshake loses no event.
func isOfHandshake(err error) bool { return errors.Is(err, errChallenge) || errors.Is(err, errToken) }

var (
	errChallenge = errors.New("challenge is missing, twice there or out of bounds")
	errToken     = errors.New("verify token does not match")
)
