package main

import (
	"math"
	"strings"
	"testing"
)

func TestSecondsAreRoundedUpPerRequest(t *testing.T) {
	for _, row := range []struct {
		name   string
		step   int
		millis []int
		want   float64
	}{
		{"to a millisecond", 1, []int{10, 20, 80}, 0.11},
		{"to 100 ms, each for itself", 100, []int{10, 20, 80}, 0.3},
		{"a whole step stays", 100, []int{100}, 0.1},
		{"a little more is another", 100, []int{101}, 0.2},
		{"none", 100, nil, 0},
	} {
		if got := seconds(row.step, row.millis...); math.Abs(got-row.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

func TestAnIndexIsStoredToo(t *testing.T) {
	all, none := counts{unindexed: map[string]bool{}}, counts{unindexed: map[string]bool{"id": true}}
	for _, f := range entry {
		none.unindexed[f.name] = true
	}
	time := counts{unindexed: map[string]bool{"time": true}}
	if a, b, c := firestoreEntry(all), firestoreEntry(time), firestoreEntry(none); a <= b || b <= c {
		t.Errorf("%v bytes with every index, %v without one, %v without any", a, b, c)
	}
	if one := dynamoEntry(); one < 2*(100+float64(2*64)) {
		t.Errorf("%v bytes for an item and its copy", one)
	}
}

const template = `Resources:
  One:
    Type: AWS::CloudWatch::Alarm
    Properties:
      MetricName: Codes
      Dimensions: [{Name: code, Value: CFG}]

  # The same metric once more.
  Again:
    Type: AWS::CloudWatch::Alarm
    Condition: Wanted
    Properties:
      MetricName: Codes
      Dimensions: [{Name: code, Value: CFG}]

  Two:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: refused, Expression: "IF(accepted == 0, missed, 0)"}
        - Id: missed
          MetricStat:
            Metric: {MetricName: Missed, Dimensions: [{Name: provider, Value: gabber}]}
        - Id: accepted
          MetricStat:
            Metric: {MetricName: Accepted, Dimensions: [{Name: provider, Value: gabber}]}

  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      MetricName: Errors
      Dimensions: [{Name: FunctionName, Value: !Ref IngestFunction}]

  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      MetricTransformations:
        - MetricName: Codes
          Dimensions: [{Key: code, Value: $.code}]

  Dashboard:
    Type: AWS::CloudWatch::Dashboard
`

func TestAlarmsAreCountedByTheMetricsTheyLookAt(t *testing.T) {
	var c counts
	c.addTemplate(template)
	if c.awsAlarmMetrics != 5 || c.awsLogMetrics != 3 || c.awsDashboards != 1 {
		t.Errorf("counted %+v, want alarms on 5 metrics, 3 of them made of log lines, and 1 dashboard", c)
	}
}

// Every section has a sum, and each of the files is where it is looked for.
func TestBills(t *testing.T) {
	there, err := deployed("../..")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	sections := append(aws(there), gcp(there)...)
	write(&out, sections)
	for _, s := range sections {
		if s.dollars() <= 0 || !strings.Contains(out.String(), s.title) {
			t.Errorf("%s: %v $", s.title, s.dollars())
		}
	}
	if _, err := deployed(t.TempDir()); err == nil {
		t.Error("nothing is missed where there is no template")
	}
}
