package catalogue_test

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
)

func TestAllIsSortedByUniqueNames(t *testing.T) {
	all := catalogue.All()
	if len(all) == 0 {
		t.Fatal("no entry")
	}
	for i, e := range all {
		if i > 0 && all[i-1].Name >= e.Name {
			t.Errorf("%s stands behind %s", e.Name, all[i-1].Name)
		}
	}
}

var (
	route       = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	certainties = []string{"vendor code", "documentation", "third-party code", "research notes"}
)

func TestEntrySaysWhereItIsFrom(t *testing.T) {
	for _, e := range catalogue.All() {
		switch {
		case !route.MatchString(e.Name):
			t.Errorf("%s: the name is not fit for a route", e.Name)
		case e.Title == "" || e.Source == "":
			t.Errorf("%s: title or source is missing", e.Name)
		case !slices.Contains(certainties, e.Certainty):
			t.Errorf("%s: certainty is not one of the package comment's words", e.Name)
		case (e.Missing == 0) != (e.Wrong == 0):
			t.Errorf("%s: one of the two statuses is missing", e.Name)
		}
	}
}

// ringOf is the entry's scheme with the secret of its vector.
func ringOf(t *testing.T, e catalogue.Entry) (signature.Scheme, *signature.Keyring) {
	t.Helper()
	scheme, err := signature.ParseScheme(e.Scheme)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "current", Value: e.Vector.Secret})
	if err != nil {
		t.Fatal(err)
	}
	return scheme, ring
}

func TestVectorVerifies(t *testing.T) {
	for _, e := range catalogue.All() {
		t.Run(e.Name, func(t *testing.T) {
			scheme, ring := ringOf(t, e)
			got, err := ring.Verify(e.Vector.Request(), e.Vector.Time)
			if err != nil {
				t.Fatal(err)
			}
			if got.ID != e.Vector.ID || (scheme.ID == "") != (got.ID == "") {
				t.Errorf("id %q, want %q", got.ID, e.Vector.ID)
			}
			if got.Covers != scheme.Covers {
				t.Errorf("covers %q, and the scheme says %q", got.Covers, scheme.Covers)
			}
			if again, err := signature.ParseScheme(scheme.Text()); err != nil || again != scheme {
				t.Errorf("the scheme's own text reads as another scheme (%v)", err)
			}
		})
	}
}

// One bit of each byte of the body is changed: what a scheme covers must not be accepted
// then, and what it does not cover is.
func TestVectorWithOneBitChanged(t *testing.T) {
	for _, e := range catalogue.All() {
		t.Run(e.Name, func(t *testing.T) {
			scheme, ring := ringOf(t, e)
			accepted, changes := 0, len(e.Vector.Body)
			for i := range changes {
				q := e.Vector.Request()
				q.Body[i] ^= 1
				if _, err := ring.Verify(q, e.Vector.Time); err == nil {
					accepted++
				}
			}
			switch scheme.Covers {
			case signature.CoversBody:
				if accepted > 0 {
					t.Errorf("%d of %d changed bodies are accepted", accepted, changes)
				}
			case signature.CoversPart:
				if accepted == 0 || accepted == changes {
					t.Errorf("%d of %d changed bodies are accepted, and a part is covered", accepted, changes)
				}
			default:
				if accepted == 0 {
					t.Error("no changed body is accepted, and nothing is covered")
				}
			}
		})
	}
}

func TestVectorAtAnotherTime(t *testing.T) {
	for _, e := range catalogue.All() {
		t.Run(e.Name, func(t *testing.T) {
			scheme, ring := ringOf(t, e)
			timed := scheme.Time.From != "" || scheme.Token != signature.Token{}
			if timed != !e.Vector.Time.IsZero() {
				t.Fatal("scheme and vector: one has a time")
			}
			at := func(later time.Duration) error {
				_, err := ring.Verify(e.Vector.Request(), e.Vector.Time.Add(later))
				return err
			}
			if !timed {
				if err := at(365 * 24 * time.Hour); err != nil {
					t.Errorf("a year later: %v", err)
				}
				return
			}
			allowed := cmp.Or(scheme.Time.Tolerance, scheme.Token.MaxAge, time.Hour)
			for name, later := range map[string]time.Duration{"late": allowed + 2*time.Second, "early": -allowed - 2*time.Second} {
				if err := at(later); !errors.Is(err, signature.ErrStale) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
