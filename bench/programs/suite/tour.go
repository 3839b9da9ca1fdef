// What programs in Go do: maps, slices, interfaces, strings, JSON, goroutines with channels, and garbage for the collector.
package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
)

type random uint64

func (r *random) below(limit uint64) uint64 {
	x := uint64(*r)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = random(x)
	return (x >> 11) % limit
}

type record struct {
	Name   string            `json:"name"`
	Number uint64            `json:"number"`
	Tags   []string          `json:"tags"`
	More   map[string]uint64 `json:"more"`
}

type node interface{ sum() uint64 }
type leaf struct{ value uint64 }
type pair struct{ left, right node }

func (l *leaf) sum() uint64 { return l.value }
func (p *pair) sum() uint64 { return p.left.sum()*31 + p.right.sum() }

func tree(r *random, depth int) node {
	if depth == 0 {
		return &leaf{r.below(1000)}
	}
	return &pair{tree(r, depth-1), tree(r, depth-1)}
}

func records(r *random) []record {
	made := make([]record, 1500)
	for i := range made {
		number := r.below(1 << 40)
		name := "name-" + strconv.FormatUint(number, 36)
		made[i] = record{name, number, strings.Split(name, "-"), map[string]uint64{"a": number % 7, "b": r.below(99)}}
	}
	return made
}

// primes is a chain of goroutines, one for each prime.
func primes(count int) uint64 {
	source := make(chan uint64)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for i := uint64(2); ; i++ {
			select {
			case source <- i:
			case <-done:
				return
			}
		}
	}()
	sum := uint64(0)
	for ; count > 0; count-- {
		prime := <-source
		sum = sum*31 + prime
		next := make(chan uint64)
		go func(from, to chan uint64) {
			for {
				select {
				case i := <-from:
					if i%prime == 0 {
						continue
					}
					select {
					case to <- i:
					case <-done:
						return
					}
				case <-done:
					return
				}
			}
		}(source, next)
		source = next
	}
	return sum
}

func main() {
	// As many threads as WebAssembly has. With more, Go 1.27.3 sometimes computes something else; that is not looked into.
	runtime.GOMAXPROCS(1)
	repetitions := 1
	if len(os.Args) > 1 {
		repetitions, _ = strconv.Atoi(os.Args[1])
	}
	hash := fnv.New64a()
	r := random(9)
	for i := 0; i < repetitions; i++ {
		all := records(&r)
		sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
		text, err := json.Marshal(all)
		if err != nil {
			panic(err)
		}
		var read []record
		if err := json.Unmarshal(text, &read); err != nil {
			panic(err)
		}
		index := map[string]int{}
		for _, record := range read {
			for _, tag := range record.Tags {
				index[tag[:2]] += int(record.More["b"])
			}
		}
		keys := make([]string, 0, len(index))
		for key := range index {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		var out strings.Builder
		for _, key := range keys {
			fmt.Fprintf(&out, "%s=%d;", key, index[key])
		}
		fmt.Fprint(hash, out.String(), len(text), tree(&r, 14).sum(), primes(60))
	}
	fmt.Printf("tour %016x\n", hash.Sum64())
}
