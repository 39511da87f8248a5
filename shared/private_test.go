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
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/providers/protocol"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// private are the types that carry personal data or secrets.
var private = []any{
	webhook.Delivery{}, webhook.Event{}, webhook.Parsed{Known: false}, webhook.Usage{}, webhook.State{}, worker.Message{}, records.Record{}, ledger.Entry{}, ledger.Account{}, signature.Secret{},
	followups.Balance{}, followups.Crossing{}, followups.Debit{}, calls.Settings{},
	followups.SessionHuman{}, followups.SpeechRequest{}, gabber.SessionRecord{},
	calls.Target{}, calls.Chatbase{}, // of Chatbase
	chatbase.Lead{}, chatbase.LeadsSubmit{},
	calls.Gabber{}, calls.GabberAPI{}, gabber.Content{}, gabber.Function{}, gabber.Message{}, gabber.MessageCall{}, gabber.MessageCommitted{}, gabber.Previous{}, gabber.Session{}, gabber.SessionData{},
	gabber.StateChanged{}, gabber.TimeLimitExceeded{}, gabber.ToolCall{}, gabber.ToolCallsFinished{}, gabber.ToolCallsStarted{}, gabber.ToolResult{}, gabber.UsageTracked{},
	gtateth.Call{}, gtateth.Conversation{}, gtateth.Customer{}, gtateth.Event[gtateth.Customer]{}, gtateth.Message{}, gtateth.Object{}, gtateth.Profile{}, gtateth.Ref{}, gtateth.User{},
	protocol.Attachment{}, protocol.Contact{}, protocol.Conversation{}, protocol.Group{}, protocol.Message{}, protocol.Object{}, protocol.Reaction{},
}

// harmless are the other exported structs of the packages data goes through, and
// why nothing in them is anybody's.
var harmless = map[string]string{
	"webhook.Provider": "a platform", "webhook.Reply": "constants", "webhook.Result": "errors and outcomes quote nothing; events are private themselves",
	"worker.Worker": "wiring", "worker.Verdict": "quotes no data",
	"records.Memory": "a store", "ledger.Memory": "a store", "ledger.Mismatch": "numbers", "ledger.Span": "numbers",
	"handlers.Calls": "wiring", "handlers.Credits": "wiring", "handlers.Latest": "wiring",
	"accounts.Grants": "wiring", "calls.Crossings": "wiring", "calls.Limits": "wiring", "calls.Ports": "wiring",
	"handlers.Leads": "wiring", "calls.Forward": "wiring", // of Chatbase
	"handlers.Sessions": "wiring", "handlers.Tools": "wiring", "calls.Speech": "wiring", "calls.VendorDebits": "wiring", // of Gabber
	"handlers.Phrases": "the operator's own", "handlers.Settings": "the operator's own", "handlers.VendorLedger": "the operator's own",
	"envelope.Opaque": "no fields", "envelope.Private": "no fields",
	"calls.CreditEntry": "a number, and a key of ours",
	"signature.Keyring": "cannot be printed: no exported field", "signature.Scheme": "documented",
}

// Every exported struct of these packages is on one of the two lists.
func TestNobodyForgetsAType(t *testing.T) {
	listed := map[string]bool{}
	for _, v := range private {
		name, _, _ := strings.Cut(reflect.TypeOf(v).String(), "[") // of a generic type
		listed[name] = true
	}
	for name := range harmless {
		if listed[name] {
			t.Errorf("%s is on both lists", name)
		}
		listed[name] = true
	}
	found := map[string]bool{}
	for folder, files := range parse(t, "..") {
		if !holdsData(folder) {
			continue
		}
		for _, f := range files {
			if f.test {
				continue
			}
			for _, name := range structsOf(f.File) {
				name = path.Base(folder) + "." + name
				found[name] = true
				if !listed[name] {
					t.Errorf("%s is on neither list: does it carry anybody's data?", name)
				}
			}
		}
	}
	for name := range listed {
		if !found[name] && name != "protocol.Reaction" {
			t.Errorf("%s is on a list and not in the code", name)
		}
	}
}

// holdsData: data goes through the package, as through every platform's.
func holdsData(folder string) bool {
	return strings.HasPrefix(folder, "shared/providers/") ||
		slices.Contains([]string{"shared/webhook", "shared/worker", "shared/records", "shared/ledger", "shared/handlers", "shared/accounts", "shared/followups", "shared/outbound/calls", "shared/signature"}, folder)
}

func TestAPlatformNobodyKnowsYetHoldsData(t *testing.T) {
	if !holdsData("shared/providers/acme") || holdsData("shared/providers") {
		t.Error("the platforms are the folders below shared/providers")
	}
}

func structsOf(f *ast.File) (names []string) {
	for _, decl := range f.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if _, isStruct := spec.Type.(*ast.StructType); isStruct {
					names = append(names, spec.Name.Name)
				}
			}
		}
	}
	return names
}

// Whatever prints or logs one of them, alone, by its address or in a list, shows
// nobody. (A list that is logged as JSON is beyond a type's own power.)
func TestPrivateTypesShowNobody(t *testing.T) {
	for _, zero := range private {
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
	if !v.CanSet() || depth > 6 {
		return
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
		"signature.Secret.ID", "calls.GabberAPI.Base", "ledger.Entry.Kind",
	}, owner.String()+"."+field)
}
