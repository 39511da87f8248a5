package calls

import (
	"errors"
	"net/url"

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/providers/envelope"
)

// Settings is what the handlers are configured with.
type Settings struct {
	envelope.Private
	Gabber   gabberSettings
	Chatbase chatbaseSettings
}

// SettingsFromEnv reads the settings. All faults are reported together; none
// quotes a value, which may be a key.
func SettingsFromEnv(env func(string) string) (s Settings, err error) {
	err = errors.Join(
		config.Apply(env, s.Gabber.variables()...),
		config.Apply(env, s.Chatbase.variables()...),
	)
	return s, err
}

// Variables are the names that SettingsFromEnv reads.
func Variables() (names []string) {
	_, _ = SettingsFromEnv(func(name string) string { names = append(names, name); return "" }) // only what it asks for matters
	return names
}

// Hosts are all that outbound may call.
func (s Settings) Hosts() (hosts []string) {
	for _, target := range []string{
		s.Gabber.API.Base,
		s.Chatbase.URL,
	} {
		if host, err := hostOf(target); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// hostOf gives the host of an absolute URL. That it is one outbound may call is
// checked there, call by call.
func hostOf(target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return "", errors.New("is not an http or https URL without a user")
	}
	return u.Host, nil
}
