package core

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/things/topic"
)

// sysPrefix begins the topics on which the broker tells about itself. Nobody
// else may publish there.
const sysPrefix = "$SYS"

// sys sends $SYS topics, named as mosquitto names them, while somebody
// subscribes to any.
type sys struct {
	timer *time.Timer
	last  map[string]string
	loads []load
}

func (s *sys) stop() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

// load is a rate per minute, averaged over some minutes with older ones
// counting less. It begins when somebody subscribes to $SYS.
type load struct {
	topic string
	count func(s *Stats) uint64
	last  uint64
	rates [len(loadMinutes)]float64
}

var loadMinutes = [...]int{1, 5, 15}

func newLoads() []load {
	return []load{
		{topic: "load/connections", count: func(s *Stats) uint64 { return s.Connections }},
		{topic: "load/messages/received", count: func(s *Stats) uint64 { return s.PacketsIn }},
		{topic: "load/messages/sent", count: func(s *Stats) uint64 { return s.PacketsOut }},
		{topic: "load/publish/received", count: func(s *Stats) uint64 { return s.In }},
		{topic: "load/publish/sent", count: func(s *Stats) uint64 { return s.Out }},
		{topic: "load/publish/dropped", count: func(s *Stats) uint64 { return s.Dropped }},
		{topic: "load/bytes/received", count: func(s *Stats) uint64 { return s.BytesIn }},
		{topic: "load/bytes/sent", count: func(s *Stats) uint64 { return s.BytesOut }},
	}
}

// watchSys sends what there is to a new subscription that can match $SYS
// topics, and sees to it that more follows.
func (b *Broker) watchSys(sub *subscription) {
	if sub.share != "" || !strings.HasPrefix(sub.filter, sysPrefix) {
		return
	}
	now := time.Now().UnixMicro()
	b.sysTopics(func(name, value string) {
		if topic.Match(sub.filter, name) {
			m := &message{Message: durable.Message{Topic: name, Payload: []byte(value), QoS: 0, Retain: true, At: now}}
			t := sub.target(m, nil)
			t.retain = true
			b.enqueue(&t, m)
		}
	})
	if b.sys.timer == nil {
		b.sys.last = make(map[string]string)
		b.sys.loads = newLoads()
		st := b.statsLocked()
		for i := range b.sys.loads {
			b.sys.loads[i].last = b.sys.loads[i].count(&st)
		}
		b.later(&b.sys.timer, b.sysInterval(), b.sysTick)
	}
}

func (b *Broker) sysInterval() time.Duration {
	if b.cfg.SysInterval > 0 {
		return b.cfg.SysInterval
	}
	return 10 * time.Second
}

// sysTick sends the topics that have changed, and ends when nobody listens.
func (b *Broker) sysTick() {
	if b.trie.root.children[sysPrefix] == nil {
		b.sys = sys{}
		return
	}
	b.sysLoads()
	now := time.Now().UnixMicro()
	b.sysTopics(func(name, value string) {
		if b.sys.last[name] != value {
			b.sys.last[name] = value
			b.route(&message{Message: durable.Message{Topic: name, Payload: []byte(value), Retain: true, At: now}})
		}
	})
	b.later(&b.sys.timer, b.sysInterval(), b.sysTick)
}

// sysLoads brings the averages up to date.
func (b *Broker) sysLoads() {
	st := b.statsLocked()
	step := b.sysInterval().Minutes()
	for i := range b.sys.loads {
		l := &b.sys.loads[i]
		n := l.count(&st)
		rate := float64(n-l.last) / step
		l.last = n
		for k, minutes := range loadMinutes {
			part := min(1, step/float64(minutes))
			l.rates[k] += (rate - l.rates[k]) * part
		}
	}
}

// sysTopics calls f for each topic and its value.
func (b *Broker) sysTopics(f func(name, value string)) {
	st := b.statsLocked()
	say := func(name string, value any) { f(sysPrefix+"/broker/"+name, fmt.Sprint(value)) }
	say("version", b.cfg.Name)
	say("uptime", strconv.Itoa(int(time.Since(b.started).Seconds()))+" seconds")
	say("clients/total", st.Sessions)
	say("clients/connected", st.Clients)
	say("clients/active", st.Clients)
	say("clients/disconnected", st.Sessions-st.Clients)
	say("clients/inactive", st.Sessions-st.Clients)
	say("clients/maximum", st.ClientsMost)
	say("clients/expired", st.Expired)
	say("messages/received", st.PacketsIn)
	say("messages/sent", st.PacketsOut)
	say("publish/messages/received", st.In)
	say("publish/messages/sent", st.Out)
	say("publish/messages/dropped", st.Dropped)
	say("publish/bytes/received", st.PayloadIn)
	say("publish/bytes/sent", st.PayloadOut)
	say("bytes/received", st.BytesIn)
	say("bytes/sent", st.BytesOut)
	say("subscriptions/count", st.Subscriptions)
	say("shared_subscriptions/count", st.SharedSubscriptions)
	say("retained messages/count", st.Retained)
	say("store/messages/count", st.Retained)
	say("store/messages/bytes", st.RetainedBytes+st.Queued)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	say("heap/current", mem.HeapAlloc)
	say("heap/maximum", mem.HeapSys)
	for _, l := range b.sys.loads {
		for k, minutes := range loadMinutes {
			say(fmt.Sprintf("%s/%dmin", l.topic, minutes), strconv.FormatFloat(l.rates[k], 'f', 2, 64))
		}
	}
}
