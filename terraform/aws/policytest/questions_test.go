package policytest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/providers"
)

// names are the keys of a map, sorted.
func names[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ",")
}

// all says whether something holds for each of at least one.
func all[V any](m map[string]V, holds func(V) bool) bool {
	for _, v := range m {
		if !holds(v) {
			return false
		}
	}
	return len(m) > 0
}

// number is -1 if there is none, which no assertion above takes for good.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// dead says after how many seconds of tries a message of a queue is a dead
// letter.
func (s system) dead(queue string) int {
	q := s.Queues[queue]
	return number(q.Visibility) * number(q.MaxReceives)
}

func tlsOnly(name string) func(system) any {
	return func(s system) any {
		return slices.ContainsFunc(s.Queues[name].Policy, func(st statement) bool {
			condition, _ := st.Condition.(map[string]any)
			return st.Effect == "Deny" && st.Principal == "*" && slices.Equal(st.Actions, []string{"sqs:*"}) &&
				len(st.Resources) == 1 && short(st.Resources[0]) == name &&
				len(condition) == 1 && text(condition, "Bool", "aws:SecureTransport") == "false"
		})
	}
}

func (s system) queuePolicyEffects() string {
	effects := map[string]bool{}
	for _, q := range s.Queues {
		for _, st := range q.Policy {
			effects[st.Effect] = true
		}
	}
	return names(effects)
}

// grant is one action on one resource that a role allows.
type grant struct{ role, action, resource string }

func (s system) allGrants() []grant {
	var all []grant
	for name, r := range s.Roles {
		for _, policy := range r.Policies {
			for _, st := range policy {
				if st.Effect != "Allow" {
					continue
				}
				for _, action := range st.Actions {
					for _, resource := range st.Resources {
						all = append(all, grant{name, action, resource})
					}
				}
			}
		}
	}
	return all
}

// grants lists those that are like this.
func (s system) grants(like func(grant) bool) string {
	found := map[string]bool{}
	for _, g := range s.allGrants() {
		if like(g) {
			found[g.role+" "+g.action+" "+g.resource] = true
		}
	}
	return names(found)
}

// mayOn lists what a role may do any of the actions to.
func mayOn(role string, actions ...string) func(system) any {
	return func(s system) any {
		resources := map[string]bool{}
		for _, g := range s.allGrants() {
			if g.role == role && slices.Contains(actions, g.action) {
				resources[resourceName(g.resource)] = true
			}
		}
		return names(resources)
	}
}

func resourceName(arn string) string {
	if _, group, ok := strings.Cut(arn, ":log-group:"); ok {
		return strings.TrimSuffix(group, ":*")
	}
	return short(arn)
}

// mayDo lists the actions of a role, those on the key left out.
func mayDo(role string) func(system) any {
	return func(s system) any {
		actions := map[string]bool{}
		for _, g := range s.allGrants() {
			if g.role == role && !strings.HasPrefix(g.action, "kms:") {
				actions[g.action] = true
			}
		}
		return names(actions)
	}
}

// pages lists the codes of alarms that page and are like this.
func (s system) pages(like func(alarm) bool) string {
	return s.alarms(func(a alarm) bool { return strings.HasPrefix(a.Description, "Page: ") && like(a) })
}

// alarms lists the codes of alarms that are like this.
func (s system) alarms(like func(alarm) bool) string {
	codes := map[string]bool{}
	for code, a := range s.Alarms {
		if like(a) {
			codes[code] = true
		}
	}
	return names(codes)
}

// refusals are the codes of the alarms on what platforms lost.
func refusals() string {
	codes := map[string]bool{"REF-unrouted": true}
	for _, p := range providers.Table() {
		codes["REF-"+p.Name] = true
	}
	return names(codes)
}

// listeningTo lists which code listens to which value of a metric's dimension.
func (s system) listeningTo(namespace, metric, dimension string) string {
	found := map[string]bool{}
	for code, a := range s.Alarms {
		if a.Namespace == namespace && a.Metric == metric && len(a.Dimensions) == 1 {
			found[code+"="+short(a.Dimensions[dimension])] = true
		}
	}
	return names(found)
}

// ringing lists the codes of alarms that are like this, with what is said of
// each.
func (s system) ringing(like func(alarm) bool, said func(alarm) string) string {
	found := map[string]bool{}
	for code, a := range s.Alarms {
		if like(a) {
			found[code+"="+said(a)] = true
		}
	}
	return names(found)
}

// routes are the addresses that platforms are given.
func routes() map[string]string {
	all := map[string]string{}
	for _, p := range providers.Table() {
		all[p.Name] = front + p.Name
	}
	return all
}

// withoutSchemes leaves out how platforms sign, which a fork sets where a vendor's
// documents turn out wrong.
func withoutSchemes(env map[string]string) map[string]string {
	env = maps.Clone(env)
	maps.DeleteFunc(env, func(name, _ string) bool { return strings.Contains(name, "_SIGNATURE_") })
	return env
}

// tableActions are those that read or write what is in a table.
var tableActions = []string{
	"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem",
	"dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
}

// settings lists the variables whose name has this in it, by function, with what
// they point at.
func (s system) settings(part string) string {
	found := map[string]bool{}
	for name, f := range s.Functions {
		for variable, value := range f.Environment {
			if strings.Contains(variable, part) {
				found[name+" "+variable+"="+short(value)] = true
			}
		}
	}
	return names(found)
}
