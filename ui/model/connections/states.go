package connections

import (
	"fmt"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/model"
)

// StateWords says where a connection stands, to what, and what happens next.
func StateWords(p broker.Profile, st broker.Status, now time.Time) string {
	at := p.Endpoint()
	switch st.State {
	case broker.Connected:
		words := "connected to " + at
		if !st.Since.IsZero() {
			if span := model.Span(now.Sub(st.Since)); span != "now" {
				words += " for " + span
			}
		}
		if st.SessionPresent {
			words += ", session resumed"
		}
		return words
	case broker.Connecting:
		if st.Attempt > 1 {
			return fmt.Sprintf("connecting to %s, attempt %d…", at, st.Attempt)
		}
		return "connecting to " + at + "…"
	case broker.Waiting:
		words := st.Reason.String()
		if wait := st.Retry.Sub(now); wait >= time.Second {
			return fmt.Sprintf("%s. Trying again in %s (attempt %d).", words, model.Span(wait), st.Attempt+1)
		}
		return words + ". Trying again now."
	default:
		if st.Reason.Text != "" {
			return st.Reason.String()
		}
		return "not connected"
	}
}
