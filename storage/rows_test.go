package storage_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/storage/historytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openRows opens the rows engine for the length of a test.
func openRows(tb testing.TB, dir string, chunkRows int) storage.History {
	tb.Helper()
	h, err := storage.OpenRows(tb.Context(), filepath.Join(dir, "history.db"), chunkRows)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

func TestRowsConformance(t *testing.T) {
	t.Parallel()
	for _, chunk := range []int{100, 1 << 15} { // many chunks; none
		t.Run(fmt.Sprintf("chunks of %d", chunk), func(t *testing.T) {
			t.Parallel()
			historytest.Run(t, func(t *testing.T) storage.History {
				t.Helper()
				return openRows(t, t.TempDir(), chunk)
			})
		})
	}
}

func entry(topic string, at int64) storage.Entry {
	return storage.Entry{Source: "id", SourceName: "name", Message: broker.Message{Time: at, Topic: topic, Payload: []byte(topic)}}
}
