// Package policytest reads the two descriptions of the AWS system, template.yaml
// and terraform/aws, into one model, compares them, and holds both to the same
// list of assertions.
//
// Neither needs AWS. The template goes through what `sam deploy` would do to it;
// the plan is what `terraform test` prints with AWS mocked. Both name the stack
// "demo" and give resources the same addresses, so that whatever differs in the
// model differs in the system.
package policytest

// The account and region both descriptions are read for.
const (
	stack   = "demo"
	region  = "eu-west-1"
	account = "111122223333"
)

// front is the address of ingest.
const front = "https://" + stack + ".lambda-url." + region + ".on.aws/"

// system is what gets deployed. Names come without the stack's prefix; numbers
// and booleans are text, because one side writes 30 where the other writes "30".
type system struct {
	Queues        map[string]queue
	Tables        map[string]table
	Secrets       map[string]secret
	Functions     map[string]function
	URLs          map[string]functionURL // by function
	Permissions   map[string]permission  // on functions, by action
	Mappings      map[string]mapping     // by function
	Roles         map[string]role
	Logs          map[string]logGroup
	Filters       map[string]filter // by log group and name
	Topics        map[string]topic
	Subscriptions map[string]string // endpoint and protocol, by topic
	Alarms        map[string]alarm  // by code
	Dashboards    map[string]any
	Routes        map[string]string // webhook address by the platform it is printed for
	Outputs       map[string]string
}

func newSystem() system {
	return system{
		Queues:        map[string]queue{},
		Tables:        map[string]table{},
		Secrets:       map[string]secret{},
		Functions:     map[string]function{},
		URLs:          map[string]functionURL{},
		Permissions:   map[string]permission{},
		Mappings:      map[string]mapping{},
		Roles:         map[string]role{},
		Logs:          map[string]logGroup{},
		Filters:       map[string]filter{},
		Topics:        map[string]topic{},
		Subscriptions: map[string]string{},
		Alarms:        map[string]alarm{},
		Dashboards:    map[string]any{},
		Routes:        map[string]string{},
		Outputs:       map[string]string{},
	}
}

type queue struct {
	MaxSize, Retention, Visibility string // bytes, seconds, seconds
	RedriveTo, MaxReceives         string
	SQSKey, KMSKey                 string
	Policy                         []statement
}

type table struct {
	Billing, PointInTime, Protected, TTL string
	Attributes                           map[string]string // types
	Keys                                 keys
	Indexes                              map[string]index
	KMSKey                               string
}

type keys struct{ Hash, Range string }

type index struct {
	Keys       keys
	Projection string
}

type secret struct{ Description, KMSKey string }

type function struct {
	Description, Role              string
	Code                           string // the folder of functions/ it is built from, without the cloud
	Runtime, Handler, Architecture string
	Memory, Timeout, Ceiling       string // MB, seconds, copies
	Environment                    map[string]string
	KMSKey                         string
	Log                            logging
}

type logging struct{ Group, Format, ApplicationLevel, SystemLevel string }

type functionURL struct{ Auth, Mode string }

type permission struct {
	Function, Principal, URLAuth, ThroughURL string
	After                                    string // the action of the permission that is added first
}

type mapping struct {
	Source, BatchSize, Responses, Concurrency string
}

type role struct {
	Boundary string
	Trust    []statement
	Policies map[string][]statement
}

// statement of a policy, its lists sorted.
type statement struct {
	Effect, Principal  string
	Actions, Resources []string
	Condition          any
}

type logGroup struct{ Retention, KMSKey string }

type filter struct {
	Pattern, Namespace, Metric, Value string
	Dimensions                        map[string]string
}

type topic struct{ KMSKey string }

type alarm struct {
	Description, Actions         string
	Namespace, Metric, Statistic string
	Dimensions                   map[string]string
	Period, Periods              string
	Comparison, Threshold        string
	MissingData                  string
	Expression                   string // over Metrics, where the alarm is about no metric alone
	Metrics                      map[string]measured
}

// measured is a metric under its name in an expression.
type measured struct {
	Namespace, Metric, Statistic, Period string
	Dimensions                           map[string]string
}

// each asks about every metric that the alarm looks at.
func (a alarm) each(like func(measured) bool) bool {
	if a.Expression == "" {
		return like(a.alone())
	}
	return all(a.Metrics, like)
}

// alone is the one metric of an alarm without an expression.
func (a alarm) alone() measured {
	return measured{Namespace: a.Namespace, Metric: a.Metric, Statistic: a.Statistic, Period: a.Period, Dimensions: a.Dimensions}
}

func (a alarm) isAbout(dimension string) bool {
	return a.each(func(m measured) bool { return m.Dimensions[dimension] != "" })
}
