package faults

import (
	"fmt"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/things/shadow"
)

// Judge decides what is to be done with a message that client publishes on a
// topic. A rule that takes effect on the whole message spares it the others: a
// Cut before a Reject, that before a Drop. Delays add up, to at most MaxDelay.
func (s *Set) Judge(client, name string, now time.Time) (d Decision) {
	if s.rules.Load() == 0 {
		return Decision{}
	}
	var hits []Hit
	s.mu.Lock()
	if a := s.pick(Cut, client, name, now); a != nil {
		d.Cut = true
		d.Text = fmt.Sprintf("%s was disconnected on purpose (%s)", short(client), a.ID)
		if a.For > 0 {
			d.Text += fmt.Sprintf(" and is kept out for %v", a.For)
			s.block(client, a, now)
		}
		hits = append(hits, a.hit(client, name, now, d.Text))
	} else if a := s.pick(Reject, client, name, now); a != nil {
		d.Reject = byte(a.code())
		d.Text = fmt.Sprintf("a message of %s on %s was rejected on purpose with reason 0x%02X (%s)", short(client), short(name), d.Reject, a.ID)
		hits = append(hits, a.hit(client, name, now, d.Text))
	} else if a := s.pick(Drop, client, name, now); a != nil {
		d.Drop = true
		d.Text = fmt.Sprintf("a message of %s on %s was dropped on purpose (%s)", short(client), short(name), a.ID)
		hits = append(hits, a.hit(client, name, now, d.Text))
	} else {
		hits = s.trouble(&d, client, name, now)
	}
	s.mu.Unlock()
	s.tell(hits)
	return d
}

// pick returns the first Rule of a kind that takes effect on a message, and
// counts that. The lock is held.
func (s *Set) pick(k Kind, client, name string, now time.Time) *active {
	for _, a := range s.list {
		if a.Kind == k && s.takes(a, client, name, now) {
			return a
		}
	}
	return nil
}

// takes tells whether a Rule takes effect on a message, and counts that.
func (s *Set) takes(a *active, client, name string, now time.Time) bool {
	if !a.inForce(now) || !a.forClient(client) || !a.forTopic(name) || !s.picked(a) {
		return false
	}
	a.use()
	return true
}

// trouble applies the rules that let a message live. The lock is held.
func (s *Set) trouble(d *Decision, client, name string, now time.Time) []Hit {
	var hits []Hit
	var texts []string
	for _, a := range s.list {
		if a.Kind != Delay && a.Kind != Duplicate || !s.takes(a, client, name, now) {
			continue
		}
		var text string
		if a.Kind == Duplicate {
			d.Again++
			text = fmt.Sprintf("a message of %s on %s was duplicated on purpose (%s)", short(client), short(name), a.ID)
		} else {
			wait := a.Delay
			if a.Jitter > 0 {
				wait += time.Duration(s.random.Int64N(int64(a.Jitter) + 1))
			}
			d.Delay = min(d.Delay+wait, MaxDelay)
			text = fmt.Sprintf("a message of %s on %s was delayed on purpose by %v (%s)", short(client), short(name), wait.Round(time.Millisecond), a.ID)
		}
		texts = append(texts, text)
		hits = append(hits, a.hit(client, name, now, text))
	}
	d.Text = strings.Join(texts, "; ")
	return hits
}

// AdmitConnect decides whether a client is let in, and says why not. The client
// ID must be the one that the session will have.
func (s *Set) AdmitConnect(client string, now time.Time) (ok bool, why string) {
	if s.rules.Load() == 0 {
		return true, ""
	}
	s.mu.Lock()
	by := (*active)(nil)
	if b, is := s.blocked[client]; is {
		if left := b.until.Sub(now); left > 0 {
			by, why = b.rule, fmt.Sprintf("%s was not let in, on purpose, for %v more (%s)", short(client), left.Round(time.Millisecond), b.rule.ID)
		} else {
			delete(s.blocked, client)
		}
	}
	for i := 0; by == nil && i < len(s.list); i++ {
		a := s.list[i]
		if a.Kind == RefuseReconnect && a.For == 0 && s.takes(a, client, "", now) {
			by, why = a, fmt.Sprintf("%s was not let in, on purpose (%s)", short(client), a.ID)
		}
	}
	if by == nil {
		s.mu.Unlock()
		return true, ""
	}
	hit := by.hit(client, "", now, why)
	s.mu.Unlock()
	s.tell([]Hit{hit})
	return false, why
}

// Ended tells the Set that a connection of client ended, however that was,
// except when another connection took its session over. RefuseReconnect with For
// counts from there; each time counts as one of Remaining, each attempt in it as
// a hit.
func (s *Set) Ended(client string, now time.Time) {
	if s.rules.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.list {
		if a.Kind == RefuseReconnect && a.For > 0 && s.takes(a, client, "", now) {
			s.block(client, a, now)
			return
		}
	}
}

// block keeps a client out from now; a longer block that it has holds on.
func (s *Set) block(client string, a *active, now time.Time) {
	until := now.Add(a.For)
	if b, is := s.blocked[client]; is {
		if b.until.Before(until) {
			s.blocked[client] = block{a, until}
		}
		return
	}
	if len(s.blocked) >= maxBlocked {
		for c, b := range s.blocked {
			if !now.Before(b.until) {
				delete(s.blocked, c)
			}
		}
	}
	if len(s.blocked) < maxBlocked {
		s.blocked[client] = block{a, until}
	}
}

// ShadowError decides whether a shadow request of client ("" when it is not
// known, which only rules for all clients are for) on the request topic name
// fails, and with which code: shadow.Refuse makes the answer.
func (s *Set) ShadowError(client, name string, now time.Time) (code int, fails bool) {
	if s.rules.Load() == 0 {
		return 0, false
	}
	_, request, ok := shadow.ParseTopic(name)
	if !ok {
		return 0, false
	}
	s.mu.Lock()
	for _, a := range s.list {
		if a.Kind != ShadowError || a.Filter == "" && request != "update" || !s.takes(a, client, name, now) {
			continue
		}
		code = a.code()
		who := short(client)
		if client == "" {
			who = "an unnamed client"
		}
		hit := a.hit(client, name, now, fmt.Sprintf("the shadow request of %s on %s was rejected on purpose with code %d (%s)", who, short(name), code, a.ID))
		s.mu.Unlock()
		s.tell([]Hit{hit})
		return code, true
	}
	s.mu.Unlock()
	return 0, false
}
