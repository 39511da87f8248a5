package strict

import "bytes"

// keySet holds the keys of one object. Most objects have a handful, for which
// looking at each beats hashing and costs no memory; with more it becomes a map,
// so that 50,000 keys stay linear.
type keySet struct {
	few  [16][]byte
	n    int
	many map[string]struct{}
}

// add says whether the key is new.
func (k *keySet) add(key []byte) bool {
	switch {
	case k.has(key):
		return false
	case k.many != nil:
		k.many[string(key)] = struct{}{}
	case k.n < len(k.few):
		k.few[k.n] = key
		k.n++
	default:
		k.many = make(map[string]struct{}, 4*len(k.few))
		for _, old := range k.few {
			k.many[string(old)] = struct{}{}
		}
		k.many[string(key)] = struct{}{}
	}
	return true
}

func (k *keySet) has(key []byte) bool {
	if k.many != nil {
		_, ok := k.many[string(key)]
		return ok
	}
	for _, old := range k.few[:k.n] {
		if bytes.Equal(old, key) {
			return true
		}
	}
	return false
}
