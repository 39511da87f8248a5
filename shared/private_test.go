package shared_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"log/slog"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// private are the types that carry personal data or secrets, beside the payloads of
// platforms and what embeds [envelope.Private].
var private = []any{
	webhook.Delivery{}, webhook.Event{}, webhook.Parsed{Known: false}, webhook.Usage{}, webhook.State{}, worker.Message{}, records.Record{}, ledger.Entry{}, ledger.Account{}, signature.Secret{}, signature.Request{}, signature.Verified{},
	followups.Balance{}, followups.Crossing{}, followups.Debit{}, calls.Settings{},
}

// harmless are the other exported structs of the packages data goes through, and
// why they hold no personal data.
var harmless = map[string]string{
	"webhook.Provider": "a platform", "webhook.Reply": "constants and challenges", "webhook.Handshake": "documented", "webhook.Result": "errors and outcomes quote nothing; events are private themselves",
	"worker.Worker": "wiring", "worker.Verdict": "quotes no data",
	"records.Memory": "a store", "ledger.Memory": "a store", "ledger.Mismatch": "numbers", "ledger.Span": "numbers",
	"ledger.Found": "hashes; entries are private themselves", "ledger.Decision": "hashes; entries are private themselves",
	"handlers.Credits": "wiring",
	"accounts.Grants":  "wiring", "calls.Ports": "wiring",
	"handlers.Settings": "the operator's own", "handlers.VendorLedger": "the operator's own",
	"envelope.Platform": "a platform", "envelope.Event": "an event type", "envelope.Opaque": "no fields", "envelope.Private": "no fields",
	"signature.Keyring": "cannot be printed: no exported field", "signature.Scheme": "documented", "signature.Time": "documented", "signature.Hash": "documented", "signature.Token": "documented",
}

// Every exported struct of these packages is on one of the two lists.
func TestPrivateListsEveryType(t *testing.T) {
	listed := map[string]bool{}
	for _, v := range private {
		listed[reflect.TypeOf(v).String()] = true
	}
	inPayload := map[string]bool{}
	for _, v := range payloads() {
		inPayload[reflect.TypeOf(v).String()] = true
	}
	for name := range harmless {
		if listed[name] {
			t.Errorf("%s is on both lists", name)
		}
		listed[name] = true
	}
	for folder, files := range parse(t, "..") {
		if !holdsData(folder) {
			continue
		}
		for _, f := range files {
			if f.test {
				continue
			}
			for name, private := range structsOf(f.File) {
				name = path.Base(folder) + "." + name
				if !listed[name] && !private && !inPayload[name] {
					t.Errorf("%s is on neither list: does it carry personal data?", name)
				}
			}
		}
	}
}

// holdsData: data goes through the package, as through every platform's.
func holdsData(folder string) bool {
	return strings.HasPrefix(folder, "shared/providers/") ||
		slices.Contains([]string{"shared/webhook", "shared/worker", "shared/records", "shared/ledger", "shared/handlers", "shared/accounts", "shared/followups", "shared/outbound/calls", "shared/signature"}, folder)
}

func TestPrivateHoldsForEveryPlatform(t *testing.T) {
	if !holdsData("shared/providers/acme") || holdsData("shared/providers") {
		t.Error("the platforms are the folders below shared/providers")
	}
}

// structsOf gives the exported structs of a file, and whether they embed
// envelope.Private.
func structsOf(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, decl := range f.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if s, ok := spec.Type.(*ast.StructType); ok {
					names[spec.Name.Name] = slices.ContainsFunc(s.Fields.List, isPrivate)
				}
			}
		}
	}
	return names
}

func isPrivate(field *ast.Field) bool {
	embedded, ok := field.Type.(*ast.SelectorExpr)
	return ok && len(field.Names) == 0 && embedded.Sel.Name == "Private"
}

// payloads gives a zero value of each struct in the payloads of all platforms.
func payloads() (all []any) {
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Slice, reflect.Pointer, reflect.Map:
			visit(of.Elem())
		case reflect.Struct:
			if seen[of] {
				return
			}
			seen[of] = true
			if of.Name() != "" { // another one is printed by the type around it
				all = append(all, reflect.Zero(of).Interface())
			}
			for i := range of.NumField() {
				visit(of.Field(i).Type)
			}
		}
	}
	for _, p := range providers.Table() {
		for _, zero := range p.Events {
			visit(reflect.TypeOf(zero))
		}
	}
	return all
}

// Printing or logging one of them, alone, by its address or in a list, shows no data. (A list that is logged as JSON is beyond a type's own power.)
func TestPrivateTypesShowNoData(t *testing.T) {
	for _, zero := range append(payloads(), private...) {
		filled := reflect.New(reflect.TypeOf(zero))
		fill(filled.Elem(), 0)
		v, address := filled.Elem().Interface(), filled.Interface()
		list := reflect.Append(reflect.MakeSlice(reflect.SliceOf(filled.Elem().Type()), 0, 1), filled.Elem()).Interface()
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v, "address", address)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v, "address", address)
		shown := fmt.Sprintf("%v %+v %#v %s %v %+v %v %+v %#v", v, v, v, v, address, address, list, list, list) + log.String()
		if at := strings.Index(shown, "canary"); at >= 0 {
			t.Errorf("%T shows itself: …%.80s", zero, shown[max(0, at-40):])
		}
	}
}

// fill puts a canary wherever there is room for one, but for the names by which
// logs tell one event from another.
func fill(v reflect.Value, depth int) {
	if !v.CanSet() && v.Kind() != reflect.Struct || depth > 6 {
		return // an embedded struct without an exported name has fields that can be set
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("canary")
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`"canary"`))
			return
		}
		one := reflect.New(v.Type().Elem()).Elem()
		fill(one, depth+1)
		v.Set(reflect.Append(v, one))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if !named(v.Type(), v.Type().Field(i).Name) {
				fill(v.Field(i), depth+1)
			}
		}
	}
}

// named are the few fields that String may show: ids of ours, of the queue, and
// names of kinds.
func named(owner reflect.Type, field string) bool {
	return slices.Contains([]string{
		"webhook.Delivery.ID", "webhook.Event.ID", "webhook.Event.Type", "webhook.Parsed.Type", "worker.Message.ID", "records.Record.Kind",
		"signature.Secret.ID", "ledger.Entry.Kind",
	}, owner.String()+"."+field)
}
