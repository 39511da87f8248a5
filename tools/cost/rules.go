package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// seconds adds up requests of some milliseconds, each rounded up to a multiple
// of step.
func seconds(step int, millis ...int) (sum float64) {
	for _, m := range millis {
		sum += float64((m+step-1)/step*step) / 1000
	}
	return sum
}

// field is a stored value: the bytes of its name and of itself.
type field struct {
	name  string
	bytes int
}

// entry is a charge of a usage event with an id, as shared/clouds/*/entries.go
// stores it: hashes are 64 hexadecimal digits.
var entry = []field{
	{"account", 12}, {"kind", 5}, {"fingerprint", 64}, {"twin", 64}, {"usage", 22}, {"value", 4}, {"source", 16},
	{"amount", 8}, {"time", 8}, {"recorded", 8},
}

const idBytes = 64

// dynamoEntry gives the bytes that an entry takes in DynamoDB: names, values and
// 100 for each item, once in the table and once in the index that holds all of it.
func dynamoEntry() float64 {
	item := 100 + len("pk"+"entry#"+"sk"+"entry") + idBytes
	for _, f := range entry {
		item += len(f.name) + f.bytes
	}
	return float64(2 * item)
}

// firestoreEntry gives the bytes that an entry takes in Firestore: the document,
// two entries in single-field indexes for each field that has not been exempted,
// and one in the index of statements. The sizes are Google's rules: a text is a
// byte more than it says, a document's name 16 more than its parts, a document
// and each index entry 32 more.
func firestoreEntry(there counts) float64 {
	name := 16 + len("entries") + 1 + idBytes + 1
	sum := name + 32
	for _, f := range append([]field{{"id", idBytes}}, entry...) {
		value := len(f.name) + 1 + f.bytes + 1
		sum += value
		if !there.unindexed[f.name] {
			sum += 2 * (name + value + 32)
		}
	}
	return float64(sum + name + len("account") + 12 + len("time") + 8 + 32)
}

// counts is what the files of the deployment say.
type counts struct {
	awsAlarmMetrics, awsDashboards, awsLogMetrics int
	gcpAlerts                                     int
	unindexed                                     map[string]bool // fields of an entry
}

var (
	// A block of the template's resources, by its type.
	resource = regexp.MustCompile(`(?m)^  \w+:\n(?:    (?:Condition|DependsOn|Metadata).*\n)*    Type: (AWS::\S+)\n(?:(?:    .*)?\n)*`)
	// What an alarm looks at: one metric, or several by name.
	metricStat = regexp.MustCompile(`\bMetricStat:`)
	metricName = regexp.MustCompile(`\bMetricName: (\w+)`)
	dimension  = regexp.MustCompile(`\bDimensions: \[\{Name: ((?:code|provider), Value: \S+?)\}`)
	// An alarm of terraform/gcp says what it is about.
	alert     = regexp.MustCompile(`\bwhat += "`)
	exemption = regexp.MustCompile(`"entries/(\w+)"`)
)

// deployed reads template.yaml and terraform/gcp of the repository in root.
func deployed(root string) (counts, error) {
	template, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	alerts, alertsErr := os.ReadFile(filepath.Join(root, "terraform/gcp/observability.tf"))
	storage, storageErr := os.ReadFile(filepath.Join(root, "terraform/gcp/storage.tf"))
	if err := errors.Join(err, alertsErr, storageErr); err != nil {
		return counts{}, err
	}
	c := counts{gcpAlerts: len(alert.FindAll(alerts, -1)), unindexed: map[string]bool{}}
	for _, found := range exemption.FindAllSubmatch(storage, -1) {
		c.unindexed[string(found[1])] = true
	}
	c.addTemplate(string(template))
	if c.awsAlarmMetrics == 0 || c.awsDashboards == 0 || c.gcpAlerts == 0 || len(c.unindexed) == 0 {
		return counts{}, fmt.Errorf("no alarms, dashboard or exemptions in the deployment's files: %+v", c)
	}
	return c, nil
}

// addTemplate counts in a SAM template. An alarm costs as many times its price as
// it looks at metrics. A metric made of log lines is one per value of its
// dimension, and alarms look at each that we know.
func (c *counts) addTemplate(template string) {
	metrics := map[string]bool{}
	for _, block := range resource.FindAllStringSubmatch(template, -1) {
		switch block[1] {
		case "AWS::CloudWatch::Dashboard":
			c.awsDashboards++
		case "AWS::CloudWatch::Alarm":
			c.awsAlarmMetrics += max(1, len(metricStat.FindAllString(block[0], -1)))
			addLogMetrics(metrics, block[0])
		}
	}
	c.awsLogMetrics = len(metrics)
}

func addLogMetrics(metrics map[string]bool, alarm string) {
	name := ""
	for line := range strings.Lines(alarm) {
		if found := metricName.FindStringSubmatch(line); found != nil {
			name = found[1]
		}
		if found := dimension.FindStringSubmatch(line); found != nil {
			metrics[name+" "+found[1]] = true
		}
	}
}
