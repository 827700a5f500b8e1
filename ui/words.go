package ui

import (
	"fmt"
	"time"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/ui/model"
)

// waitingWords says why a connection is down and when it is tried again.
func waitingWords(st broker.Status) string {
	words := st.Reason.String()
	if wait := time.Until(st.Retry); wait > time.Second {
		return fmt.Sprintf("%s. Trying again in %s (attempt %d).", words, model.Span(wait), st.Attempt+1)
	}
	return words + ". Trying again now."
}
