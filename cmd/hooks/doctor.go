package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
	"github.com/webhook-functions/template/shared/signature/doctor"
)

type doctorCmd struct {
	Platform   string `arg:"" optional:"" help:"As in its route, or a name of the catalogue in docs/schemes.md."`
	File       string `arg:"" optional:"" help:"The delivery: headers, an empty line and the exact bytes of the body, with or without a request line, or a Lambda event as JSON. Default: standard input."`
	Scheme     string `placeholder:"TEXT" help:"A scheme as <PLATFORM>_SIGNATURE says it, instead of a platform."`
	SecretFile string `placeholder:"FILE" help:"Holds the secret and nothing else, not even a newline; - is standard input. Default: the secrets of the settings."`
	Now        string `placeholder:"TIME" help:"When the delivery arrived, such as 2026-11-01T12:00:00Z or seconds since 1970. Default: what an event says, else now."`
	operator.Output
}

// diagnosis ends the command: 1 where there is a cause, 2 where none was found.
type diagnosis int

func (d diagnosis) Error() string {
	if d == 1 {
		return "the delivery is refused, for the cause above"
	}
	return "the delivery is refused, and no cause was found"
}

// ExitCode tells the two apart.
func (d diagnosis) ExitCode() int { return int(d) }

// Run prints a report.
func (c *doctorCmd) Run() error {
	if c.Scheme != "" && c.File == "" {
		c.File, c.Platform = c.Platform, ""
	}
	switch {
	case c.Scheme == "" && c.Platform == "":
		return errors.New("name a platform, or its scheme with --scheme")
	case c.Scheme != "" && c.Platform != "":
		return errors.New("name a platform or a scheme, not both")
	case c.SecretFile == "-" && (c.File == "" || c.File == "-"):
		return errors.New("--secret-file - and the delivery cannot both be standard input")
	}
	sick, note, err := c.settings()
	if err != nil {
		return err
	}
	data, err := input(c.File)
	if err != nil {
		return err
	}
	captured, err := readCapture(data)
	if err != nil {
		return err
	}
	sick.Request, sick.Address = captured.request, captured.address
	if sick.Now, err = c.arrived(captured.at); err != nil {
		return err
	}
	report := doctor.Examine(sick)
	report.Next = append(report.Next, note...)
	if c.Now == "" && captured.at.IsZero() {
		withoutClock(&report)
	}
	if err := c.Print(os.Stdout, report, func(w io.Writer) { diagnose(w, report) }); err != nil {
		return err
	}
	switch report.Verdict {
	case doctor.Found:
		return diagnosis(1)
	case doctor.Unknown:
		return diagnosis(2)
	}
	return nil
}

// withoutClock says of an age, which was taken by this machine's clock, that the capture may
// be older than the delivery was. Beside another cause it is none.
func withoutClock(r *doctor.Report) {
	isAge := func(cause doctor.Cause) bool { return cause.Code == "stale" }
	i := slices.IndexFunc(r.Causes, isAge)
	if i < 0 {
		return
	}
	if len(r.Causes) > 1 {
		r.Next = append(r.Next, r.Causes[i].Text)
		r.Causes = slices.DeleteFunc(r.Causes, isAge)
	}
	r.Next = append(r.Next, "The time was compared with this machine's clock: for an older capture say with --now when it arrived.")
}

// diagnose prints a report for people.
func diagnose(w io.Writer, r doctor.Report) {
	switch r.Verdict {
	case doctor.Right:
		fmt.Fprintf(w, "The signature is right: %s made it.\n", r.Key)
	case doctor.Found:
		for _, cause := range r.Causes {
			fmt.Fprintf(w, "%s: %s\n", cause.Code, cause.Text)
		}
		for _, or := range r.Or {
			fmt.Fprintln(w, "or, which explains it as well:")
			for _, cause := range or {
				fmt.Fprintf(w, "  %s: %s\n", cause.Code, cause.Text)
			}
		}
	default:
		fmt.Fprintf(w, "No cause was found. Expected %s, got %s.\nTried: %s.\n", r.Expected, r.Got, r.Tried)
	}
	if r.Scheme != "" {
		fmt.Fprintf(w, "A scheme that accepts it: %s\n", r.Scheme)
	}
	for _, next := range r.Next {
		fmt.Fprintf(w, "- %s\n", next)
	}
}

// settings gives the platform and the others, with the secrets of all as they are set.
// note says what serve refuses of them.
func (c *doctorCmd) settings() (sick doctor.Case, note []string, err error) {
	env, err := environment()
	if err != nil {
		return doctor.Case{}, nil, err
	}
	set, err := loadSettings(env)
	if err != nil {
		return doctor.Case{}, nil, err
	}
	if sick.Platform, err = c.platform(set); err != nil {
		return doctor.Case{}, nil, err
	}
	for _, p := range set.providers {
		known := doctor.Platform{Name: p.Name, Scheme: p.Scheme, Secrets: secretsOf(p, env)}
		if p.Name != sick.Platform.Name {
			sick.Others = append(sick.Others, known)
			continue
		}
		if c.SecretFile != "" { // those of the settings may be newer
			sick.Others = append(sick.Others, known)
			continue
		}
		sick.Platform.Secrets = known.Secrets
		if problem := set.keyrings.Problems()[p.Name]; problem != nil && len(known.Secrets) > 0 {
			note = append(note, "hooks serve refuses all of it: "+problem.Error()+".")
		}
	}
	if c.SecretFile != "" {
		secret, err := input(c.SecretFile)
		if err != nil {
			return doctor.Case{}, nil, fmt.Errorf("--secret-file: %w", err)
		}
		sick.Platform.Secrets = []signature.Secret{{ID: "the secret of --secret-file", Value: string(secret)}}
	}
	if len(sick.Platform.Secrets) == 0 {
		return doctor.Case{}, nil, errors.New("there is no secret: name a file that holds it with --secret-file, or set the platform's")
	}
	return sick, note, nil
}

// platform finds the scheme that the delivery is looked at by.
func (c *doctorCmd) platform(set settings) (doctor.Platform, error) {
	if c.Scheme != "" {
		scheme, err := signature.ParseScheme(c.Scheme)
		if err != nil {
			err = fmt.Errorf("--scheme: %w", err)
		}
		return doctor.Platform{Name: "the scheme", Scheme: scheme}, err
	}
	if p, ok := set.providers.Named(c.Platform); ok {
		return doctor.Platform{Name: p.Name, Scheme: p.Scheme}, nil
	}
	for _, e := range catalogue.All() {
		if e.Name == c.Platform {
			scheme, err := signature.ParseScheme(e.Scheme)
			return doctor.Platform{Name: e.Name, Scheme: scheme}, err
		}
	}
	_, err := set.platform(c.Platform)
	return doctor.Platform{}, fmt.Errorf("%w, and those of the catalogue in docs/schemes.md", err)
}

// secretsOf gives a platform's secrets as they are set, usable or not, with those of its
// tenants.
func secretsOf(p providers.Entry, env func(string) (string, bool)) (all []signature.Secret) {
	variable := local.SecretVariable(p.Name)
	names := []string{variable, variable + "_1", variable + "_2", variable + "_3"}
	if p.Tenant != nil {
		names = append(names, tenantVariables(variable+"_BOT_")...)
	}
	for _, name := range names {
		list, _ := env(name)
		if list == "" {
			continue
		}
		values := strings.Split(list, ",")
		for i, value := range values {
			id := name
			if len(values) > 1 {
				id += ", value " + strconv.Itoa(i+1)
			}
			all = append(all, signature.Secret{ID: id, Value: value})
		}
	}
	return all
}

// tenantVariables gives the names that begin like the variables of tenants' secrets.
func tenantVariables(prefix string) (names []string) {
	file, _ := readDotEnv() // read before
	for name := range file {
		names = append(names, name)
	}
	names = slices.AppendSeq(names, processNames)
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	slices.Sort(names)
	return slices.Compact(names)
}

// arrived is when the delivery came.
func (c *doctorCmd) arrived(captured time.Time) (time.Time, error) {
	if c.Now == "" {
		if captured.IsZero() {
			captured = time.Now()
		}
		return captured, nil
	}
	if n, err := strconv.ParseInt(c.Now, 10, 64); err == nil && n < 1e12 {
		return time.Unix(n, 0), nil
	}
	at, err := time.Parse(time.RFC3339, c.Now)
	if err != nil {
		err = errors.New("--now is a time such as 2026-11-01T12:00:00Z, or seconds since 1970")
	}
	return at, err
}

// input reads a file, or standard input.
func input(file string) ([]byte, error) {
	if cmp.Or(file, "-") == "-" {
		return io.ReadAll(os.Stdin)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		err = fmt.Errorf("%s: %s", operator.Printable(file), faultOf(err))
	}
	return data, err
}
