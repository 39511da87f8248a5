// Command cost computes what the pipeline costs on each cloud: a million usage
// events, a month in which nothing happens, and keeping what is stored. It
// multiplies counts by list prices. Both are tables in prices.go: change them and
// run `make cost` again.
//
// What is published, read and written on Google Cloud is what `make bench-gcp`
// prints; AWS bills the same steps by its own rules. How many alarms there are is
// counted in template.yaml and terraform/gcp. How long functions run, how long
// log lines are and how large an entry is is assumed.
package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// item is one line of a bill.
type item struct {
	what  string
	count float64 // units
	price float64 // dollars per unit
	why   string
}

// section is a bill for one thing.
type section struct {
	title string
	items []item
}

func main() {
	there, err := deployed("..")
	if err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
	write(os.Stdout, append(aws(there), gcp(there)...))
}

func write(out io.Writer, sections []section) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range sections {
		fmt.Fprintf(table, "%s\tunits\t$ per unit\t$\t\n", s.title)
		for _, i := range s.items {
			fmt.Fprintf(table, "%s\t%.6g\t%.4g\t%.2f\t  %s\n", i.what, i.count, i.price, i.count*i.price, i.why)
		}
		fmt.Fprintf(table, "together\t\t\t%.2f\t\n\t\t\t\t\n", s.dollars())
	}
	table.Flush()
}

func (s section) dollars() (sum float64) {
	for _, i := range s.items {
		sum += i.count * i.price
	}
	return sum
}
