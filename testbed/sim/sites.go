package sim

import "slices"

// ports is a row per kind of service.
var ports = []*port{sqs, dynamoDB, secretsManager, pubSub, fireStore, mounted, platformAPI}

func portNames() (names []string) {
	for _, p := range ports {
		names = append(names, p.name)
	}
	return names
}

// sites lists the places of the product that call a port. One that is not in it, or a
// fault that never happened there, makes a run of `make sim` fail.
var sites = []site{
	{"aws sender: POST", []Fault{Before, Lost, Late}},
	{"aws worker: delivery of a batch", []Fault{Throttle, Lost}},
	{"aws outbound: delivery of a batch", []Fault{Throttle, Lost}},
}

// with adds a fault to those of a port.
func with(p *port, more ...Fault) []Fault { return slices.Concat(p.faults, more) }
