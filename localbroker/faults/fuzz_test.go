package faults_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/faults"
)

func FuzzJudge(f *testing.F) {
	f.Add("a*b*", "axb", "a/+", "a/b", 0.5, int64(5))
	f.Add("*", "", "", "x", 1.0, int64(0))
	f.Fuzz(func(t *testing.T, pattern, client, filter, name string, share float64, n int64) {
		s := faults.New(faults.Config{Source: rand.NewPCG(1, 2), Observe: func(h faults.Hit) {
			if h.Text == "" || strings.ContainsAny(strings.ReplaceAll(h.Text, h.Rule, ""), "\n\x00") {
				t.Errorf("text %q", h.Text)
			}
		}})
		for _, k := range faults.Kinds() {
			r := faults.Rule{Kind: k, Client: pattern, Share: share, Remaining: int(n % 7)}
			if k != faults.RefuseReconnect {
				r.Filter = filter
			}
			if k == faults.Delay {
				r.Delay, r.Jitter = time.Duration(n), time.Duration(n/2)
			}
			_, _ = s.Add(r)
		}
		now := time.UnixMicro(n)
		for range 3 {
			d := s.Judge(client, name, now)
			if d.Delay < 0 || d.Delay > faults.MaxDelay || d.Cut && d.Drop {
				t.Errorf("%+v", d)
			}
			_, _ = s.AdmitConnect(client, now)
			_, _ = s.ShadowError(client, name, now)
		}
		exact := faults.New(faults.Config{})
		if _, err := exact.Add(faults.Rule{Kind: faults.Drop, Share: 1, Client: client}); err == nil && !exact.Judge(client, "a", now).Drop {
			t.Errorf("the client %q does not match itself", client)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for name, rules := range map[string]int{"none": 0, "hundred": 100} {
		b.Run(name, func(b *testing.B) {
			s := faults.New(faults.Config{})
			for range rules {
				if _, err := s.Add(faults.Rule{Kind: faults.Drop, Share: 1, Client: "x*", Filter: "a/#"}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				_ = s.Judge("press-07", "plant/hall1/temp", start)
			}
		})
	}
}
