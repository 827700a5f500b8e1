package storage_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
)

const benchTopics = 20_000

// traffic makes JSON messages over 20,000 topics, all equally busy: the worst
// case for finding one topic's rows.
type traffic struct {
	*rand.Rand
	topics []string
	at     int64
}

func newTraffic() *traffic {
	tr := &traffic{Rand: rand.New(rand.NewPCG(1, 2)), at: 1_800_000_000_000_000}
	for i := range benchTopics {
		tr.topics = append(tr.topics, fmt.Sprintf("factory/%d/machine/%d/temperature", i%10, i))
	}
	return tr
}

func (tr *traffic) batch(n int) []storage.Entry {
	es := make([]storage.Entry, n)
	for i := range es {
		tr.at += 50
		es[i] = storage.Entry{Source: "id", SourceName: "Factory", Message: broker.Message{
			Time: tr.at, Topic: tr.topics[tr.IntN(len(tr.topics))],
			Payload: fmt.Appendf(nil, `{"value":%.4f,"unit":"°C","status":"ok","seq":%d,"sensor":"PT1000-%08x","note":"all good so far here"}`,
				tr.Float64()*100, tr.at, tr.Uint32()),
		}}
	}
	return es
}

// BenchmarkAppend commits batches of 1,000 messages over 20,000 topics.
func BenchmarkAppend(b *testing.B) {
	h := openRows(b, b.TempDir(), 1<<15)
	tr := newTraffic()
	for b.Loop() {
		b.StopTimer()
		batch := tr.batch(1000)
		b.StartTimer()
		if err := h.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkRead reads from 2,000,000 rows over 20,000 topics.
func BenchmarkRead(b *testing.B) {
	const rows = 2_000_000
	h := openRows(b, b.TempDir(), 1<<15)
	tr := newTraffic()
	begun := time.Now()
	for n := 0; n < rows; n += 10_000 {
		batch := tr.batch(10_000)
		if n == 10_000 { // a topic with a single, old row
			batch[5].Message.Topic = "rare/alarm"
		}
		if err := h.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("loaded %d rows in %v, %.0f bytes each", rows, time.Since(begun).Round(time.Millisecond), float64(h.Stats().Bytes)/rows)
	page := func(name string, q func() storage.Query) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := h.Page(b.Context(), q(), 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	filter := func(f string) func() storage.Query {
		return func() storage.Query { return storage.Query{Filters: []string{f}} }
	}
	page("PageOfOneTopic", func() storage.Query { return filter(tr.topics[tr.IntN(benchTopics)])() })
	page("PageOfRareTopic", filter("rare/alarm"))
	page("PageOfAll", filter("#"))
	page("PageOfTenth", filter("factory/3/#"))
	page("PageOfTen", filter("+/+/machine/1113/+"))
	page("PageAtRandomTime", func() storage.Query { return storage.Query{To: tr.at - tr.Int64N(rows*50)} })
	b.Run("CountOfTenth", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.Count(b.Context(), filter("factory/3/#")()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Topics", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.Topics(b.Context(), ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, format := range []storage.Format{storage.NDJSON, storage.CSV} {
		b.Run("Export/"+string(format), func(b *testing.B) {
			n := int64(0)
			for b.Loop() {
				m, err := storage.Export(b.Context(), h, storage.Query{From: tr.at - 500_000*50}, format, io.Discard)
				if err != nil {
					b.Fatal(err)
				}
				n += m
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
