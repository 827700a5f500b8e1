package brokerview

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
	"github.com/thingdesk/thingdesk/ui/model"
)

// forever is the session expiry of a session that does not expire.
const forever = math.MaxUint32

// Protocol names a version as people do: "3.1.1".
func Protocol(v packet.Version) string {
	switch v {
	case packet.V31:
		return "3.1"
	case packet.V311:
		return "3.1.1"
	case packet.V5:
		return "5"
	default:
		return fmt.Sprintf("level %d", v)
	}
}

// UserWords names the user; one that was believed and not checked is in
// brackets, nobody is "–".
func (c *Client) UserWords() string {
	switch {
	case c.Owner != "":
		return c.Owner
	case c.User != "":
		return "(" + c.User + ")"
	default:
		return "–"
	}
}

// KeepAliveWords says how often the client gives a sign of life at least.
func (c *Client) KeepAliveWords() string {
	if c.KeepAlive == 0 {
		return "off"
	}
	return seconds(int64(c.KeepAlive / time.Second))
}

// KeptWords says how long a session outlives its connection.
func KeptWords(expiry uint32) string {
	switch expiry {
	case 0:
		return "no"
	case forever:
		return "for ever"
	default:
		return seconds(int64(expiry))
	}
}

// ConnectionWords says since when a session is connected or absent at now,
// microseconds since 1970 UTC.
func (s *Session) ConnectionWords(now int64) string {
	switch {
	case s.Gone:
		return "ended"
	case s.Connected && s.Since == 0:
		return "connected"
	case s.Connected:
		return "connected " + model.Ago(s.Since, now)
	case s.Ended == 0:
		return "absent"
	default:
		return "absent " + model.Ago(s.Ended, now)
	}
}

// ExpiresWords says when a session is forgotten, at now.
func (s *Session) ExpiresWords(now int64) string {
	switch {
	case s.Gone:
		return "–"
	case s.Expiry == forever:
		return "never"
	case s.Expiry == 0:
		return "at disconnect"
	case s.Connected:
		return seconds(int64(s.Expiry)) + " after disconnect"
	}
	left := (s.Ended + int64(s.Expiry)*1e6 - now) / 1e6
	if left <= 0 {
		return "now"
	}
	return "in " + seconds(left)
}

// seconds writes a number of seconds in the largest unit that says it well:
// "90 s", "20 min", "36 h", "30 d".
func seconds(n int64) string {
	const minute, hour, day = 60, 3600, 86400
	switch {
	case n < 2*minute && n != minute:
		return fmt.Sprintf("%d s", n)
	case n < 2*hour && n != hour:
		return fmt.Sprintf("%d min", n/minute)
	case n < 3*day && n != day && n != 2*day:
		return fmt.Sprintf("%d h", n/hour)
	default:
		return model.Count(n/day) + " d"
	}
}

// OptionWords says the options of a subscription in words; "" when they are
// what they are unless told otherwise.
func OptionWords(s durable.Subscription) string {
	o := packet.Subscription{Options: s.Options}
	var words []string
	if strings.HasPrefix(s.Filter, "$share/") {
		words = append(words, "shared in its group")
	}
	if o.NoLocal() {
		words = append(words, "not its own")
	}
	if o.RetainAsPublished() {
		words = append(words, "retain as published")
	}
	switch o.RetainHandling() {
	case 1:
		words = append(words, "retained if new")
	case 2:
		words = append(words, "no retained")
	default:
	}
	return strings.Join(words, ", ")
}

// subscriptions writes a number of subscriptions.
func subscriptions(n int) string {
	if n == 1 {
		return "1 subscription"
	}
	return model.Count(n) + " subscriptions"
}
