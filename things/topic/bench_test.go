package topic_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/thingdesk/thingdesk/things/topic"
)

func deviceNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("site-%d/line-%d/device-%06d/temperature", i%10, i%100, i)
	}
	return names
}

func BenchmarkAddUpdate(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			names := deviceNames(n)
			ix := topic.NewIndex(topic.Limits{})
			s := topic.Sample{Time: 1, Payload: make([]byte, 100)}
			for _, name := range names {
				ix.Add(name, s)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				ix.Add(names[i%n], s)
				i++
			}
		})
	}
}

// BenchmarkAddInsert builds an index of n topics and tells its memory.
func BenchmarkAddInsert(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			names := deviceNames(n)
			s := topic.Sample{Time: 1, Payload: []byte("x")}
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				ix := topic.NewIndex(topic.Limits{})
				for _, name := range names {
					ix.Add(name, s)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(ix)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/topic")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/topic")
		})
	}
}

func BenchmarkChildrenOfMany(b *testing.B) {
	ix := topic.NewIndex(topic.Limits{})
	for i := range 100_000 {
		ix.Add(fmt.Sprintf("d/%d", i), topic.Sample{Time: 1})
	}
	d, _ := ix.Find("d")
	dst := ix.Children(d, nil)
	i := 0
	for b.Loop() {
		ix.Add(fmt.Sprintf("d/x%d", i), topic.Sample{Time: 1})
		dst = ix.Children(d, dst[:0])
		i++
	}
}
