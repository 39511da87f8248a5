package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

// sample is one environment from its cold start to its end.
type sample struct {
	first    time.Duration // from the start of the process to the first answer
	firstCPU time.Duration // of the process until then
	cpu      time.Duration // of the process, per warm event
	rss      int64         // the most memory it held, in bytes
	secrets  int           // fetches of the webhook secret: cold, warm
	sends    float64       // messages per event
}

func (c *candidate) measure(ctx context.Context, event []byte, events int, env []string, aws *lambdatest.StandIn) error {
	f := lambdatest.New(lambdatest.Config{Command: c.command, Env: env, Log: io.Discard})
	defer f.Close()
	before := aws.Calls()
	started := time.Now()
	if err := accepted(f.Invoke(ctx, event)); err != nil {
		return err
	}
	r := sample{first: time.Since(started)}
	pid := f.Processes()[0]
	var err error
	if r.firstCPU, err = cpuTime(pid); err != nil {
		return err
	}
	for range 100 { // caches, pools and the Node compiler warm up
		if err := accepted(f.Invoke(ctx, event)); err != nil {
			return err
		}
	}
	cpu, err := cpuTime(pid)
	if err != nil {
		return err
	}
	for range events {
		if err := accepted(f.Invoke(ctx, event)); err != nil {
			return err
		}
	}
	after, err := cpuTime(pid)
	if err != nil {
		return err
	}
	r.cpu = (after - cpu) / time.Duration(events)
	calls := aws.Calls()
	r.secrets = calls["secretsmanager.GetSecretValue"] - before["secretsmanager.GetSecretValue"]
	r.sends = float64(calls["AmazonSQS.SendMessage"]-before["AmazonSQS.SendMessage"]) / float64(events+101)
	r.rss, err = peakMemory(pid)
	c.samples = append(c.samples, r)
	return err
}

func accepted(answer []byte, err error) error {
	if err == nil && !bytes.Contains(answer, []byte(`"statusCode":200`)) {
		err = fmt.Errorf("the answer is %s", answer)
	}
	return err
}

// cpuTime of a process, all threads: the first number of each thread's
// schedstat is the nanoseconds it ran.
func cpuTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		ran, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// peakMemory is VmHWM of /proc/PID/status, which Lambda bills as "max memory used".
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status names no VmHWM", pid)
}
