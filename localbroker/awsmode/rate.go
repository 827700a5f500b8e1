package awsmode

import "time"

// rate is a token bucket that holds one second's worth and is full at first. It
// keeps when it would be full again, microseconds since 1970, which is all
// there is to it.
type rate struct{ full int64 }

const second = int64(time.Second / time.Microsecond)

// take takes what costs so many microseconds of the rate, if it is there.
func (r *rate) take(now, cost int64) bool {
	r.full = min(max(r.full, now), now+second) // a clock that was set back costs a second
	if r.full+cost-now > second {
		return false
	}
	r.full += cost
	return true
}

// longestDebt bounds what is borrowed, for a clock that was set back.
const longestDebt = 60 * second

// borrow takes what costs so many microseconds and returns how many must pass
// until it is there.
func (r *rate) borrow(now, cost int64) (wait int64) {
	r.full = min(max(r.full, now)+cost, now+longestDebt)
	return max(r.full-now-second, 0)
}

// Meter measures the publishes of one connection in one direction. The zero
// value is ready. A second's worth may come at once.
type Meter struct{ publishes, bytes rate }

// Take measures a PUBLISH, of so many bytes as a whole packet, at now. Over
// PublishesPerSecond it is Discarded; over BytesPerSecond it is Delayed by
// delay. Discarded ones do not count as publishes, but their bytes do.
func (m *Meter) Take(now time.Time, packetBytes int) (delay time.Duration, v *Violation) {
	at := now.UnixMicro()
	packetBytes = min(max(packetBytes, 0), 1<<30)
	wait := m.bytes.borrow(at, (int64(packetBytes)*second+BytesPerSecond-1)/BytesPerSecond)
	delay = time.Duration(wait) * time.Microsecond
	if !m.publishes.take(at, second/PublishesPerSecond) {
		v := whole(RulePublishRate, Discarded, reasonQuota, "published more than %d messages in a second", PublishesPerSecond)
		return 0, &v
	}
	if delay > 0 {
		v := whole(RuleThroughput, Delayed, 0, "sent more than %d KiB in a second", BytesPerSecond>>10)
		return delay, &v
	}
	return 0, nil
}

// rates are rates by name. Those that are full again are forgotten, so that
// there are at most about twice as many as were used in the last second.
type rates struct {
	names   map[string]rate
	sweepAt int
}

// sweepLeast is the number of names from which those that are not used are
// looked for, longestName that of the bytes from which a name is not measured:
// it breaks another rule.
const (
	sweepLeast  = 1024
	longestName = 1024
)

func (rs *rates) take(name string, now time.Time, perSecond int64) bool {
	if len(name) > longestName {
		return true
	}
	at := now.UnixMicro()
	if rs.names == nil {
		rs.names, rs.sweepAt = make(map[string]rate), sweepLeast
	}
	r := rs.names[name]
	ok := r.take(at, second/perSecond)
	rs.names[name] = r
	if len(rs.names) >= rs.sweepAt {
		for name, r := range rs.names {
			if r.full <= at || r.full > at+second {
				delete(rs.names, name)
			}
		}
		rs.sweepAt = max(sweepLeast, 2*len(rs.names))
	}
	return ok
}

// ConnectMeter measures CONNECT by client ID. The zero value is ready.
type ConnectMeter struct{ clients rates }

// Take measures a CONNECT. Over ConnectsPerSecond the client is not let in;
// such attempts do not count.
func (m *ConnectMeter) Take(client string, now time.Time) *Violation {
	if m.clients.take(client, now, ConnectsPerSecond) {
		return nil
	}
	v := whole(RuleConnectRate, RefuseConnect, reasonQuota, "connected more than once in a second")
	return &v
}

// ShadowMeter measures shadow requests by Thing. The zero value is ready.
type ShadowMeter struct{ things rates }

// Take measures a request for any shadow of a Thing. Over
// ShadowRequestsPerSecond it is rejected with shadow.CodeThrottled; such
// requests do not count.
func (m *ShadowMeter) Take(thing string, now time.Time) *Violation {
	if m.things.take(thing, now, ShadowRequestsPerSecond) {
		return nil
	}
	v := whole(RuleShadowRate, RejectShadow, 0,
		"asked for more than %d shadow operations of %s in a second", ShadowRequestsPerSecond, short(thing))
	return &v
}

// RetainedMeter measures changes of retained messages by topic. The zero value
// is ready.
type RetainedMeter struct{ topics rates }

// Take measures a PUBLISH with RETAIN. Over RetainedPerSecond it is refused;
// such messages do not count.
func (m *RetainedMeter) Take(name string, now time.Time) *Violation {
	if m.topics.take(name, now, RetainedPerSecond) {
		return nil
	}
	v := whole(RuleRetainedRate, RefusePublish, reasonQuota,
		"changed the retained message of %s more than once in a second", short(name))
	return &v
}
