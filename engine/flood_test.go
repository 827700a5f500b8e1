package engine_test

import (
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/load"
)

// TestFloodIsRecordedWhole sends faster than can be stored: the broker slows
// the publishers down, and nothing is missing in the history.
func TestFloodIsRecordedWhole(t *testing.T) {
	t.Parallel()
	w, _ := started(t, t.TempDir())
	before := w.Broker().Stats.In
	r, err := load.Run(t.Context(), load.Config{
		Addr: w.Broker().Addr, Publishers: 4, Messages: 200_000, PayloadBytes: 100,
	})
	if err != nil || r.Faults() {
		t.Fatalf("load: %v, %+v", err, r)
	}
	sent := w.Broker().Stats.In - before
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if st := w.RecorderStats(); st.Queued == 0 && st.Dropped+st.Stored >= sent {
			break
		}
	}
	if st := w.RecorderStats(); st.Dropped > 0 || st.Stored < sent {
		t.Errorf("%d messages: %d stored, dropped %v", sent, st.Stored, st.DroppedBy)
	}
	t.Logf("%d messages, %.0f a second", sent, r.PerSecond)
}
