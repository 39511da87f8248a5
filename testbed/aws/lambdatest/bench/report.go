package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// report prints medians and what they are worth against the targets.
func report(out io.Writer, all []*candidate) (missed bool) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\tfirst response\tits CPU\tCPU per warm event\tpeak memory\tarm64 zip\tSQS sends per event\tsecret fetches")
	for _, c := range all {
		fmt.Fprintf(table, "%s\t%.1f ms\t%.1f ms\t%.3f ms\t%.1f MB\t%.2f MB\t%.2f\t%d\n", c.name, millis(c.first()), millis(c.firstCPU()), millis(c.cpu()),
			mega(c.rss()), mega(c.zip), c.samples[0].sends, median(c.samples, func(r sample) int { return r.secrets }))
	}
	fmt.Fprintln(table)
	ours, empty, ordinary, node := all[0], all[1], all[2], all[3]
	fmt.Fprintf(table, "CPU of the first response\t%.2f x empty\t%.2f x ordinary\t%.3f x node\n\n",
		ratio(ours.firstCPU(), empty.firstCPU()), ratio(ours.firstCPU(), ordinary.firstCPU()), ratio(ours.firstCPU(), node.firstCPU()))
	for _, t := range targets(ours, empty, ordinary, node) {
		verdict := "met"
		if t.got > t.most {
			verdict, missed = "MISSED", true
		}
		fmt.Fprintf(table, "%s\t%.3f\tat most %.2f\t%s\n", t.what, t.got, t.most, verdict)
	}
	_ = table.Flush() // to a terminal
	return missed
}

type target struct {
	what      string
	got, most float64
}

func targets(ours, empty, ordinary, node *candidate) []target {
	return []target{
		{"first response / empty", ratio(ours.first(), empty.first()), 3.5}, // which makes no request
		{"first response / ordinary", ratio(ours.first(), ordinary.first()), 0.8},
		{"first response / node", ratio(ours.first(), node.first()), 0.05},
		{"CPU per event / ordinary", ratio(ours.cpu(), ordinary.cpu()), 0.85},
		{"CPU per event / node", ratio(ours.cpu(), node.cpu()), 0.26},
		{"peak memory, MB", mega(ours.rss()), 15},
		{"arm64 zip, MB", mega(ours.zip), 3.0},
		{"SQS sends per event", ours.samples[0].sends, 1},
		{"secret fetches per environment", float64(median(ours.samples, func(r sample) int { return r.secrets })), 1},
	}
}

func (c *candidate) first() time.Duration {
	return median(c.samples, func(r sample) time.Duration { return r.first })
}

func (c *candidate) firstCPU() time.Duration {
	return median(c.samples, func(r sample) time.Duration { return r.firstCPU })
}

func (c *candidate) cpu() time.Duration {
	return median(c.samples, func(r sample) time.Duration { return r.cpu })
}

func (c *candidate) rss() int64 { return median(c.samples, func(r sample) int64 { return r.rss }) }

func median[T cmp.Ordered](samples []sample, of func(sample) T) T {
	values := make([]T, len(samples))
	for i, r := range samples {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mega(bytes int64) float64 { return float64(bytes) / 1e6 }
