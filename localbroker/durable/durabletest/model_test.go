package durabletest_test

import (
	"sync"
	"testing"

	"github.com/thingdesk/thingdesk/localbroker/durable/durabletest"
)

// kept is a Model that outlives being closed.
type kept struct{ *durabletest.Model }

func (kept) Close() error { return nil }

// TestModel runs the suite on the model itself, which proves the suite's own
// expectations to be in order.
func TestModel(t *testing.T) {
	t.Parallel()
	var models sync.Map
	durabletest.Test(t, func(t *testing.T, dir string) durabletest.Store {
		t.Helper()
		m, _ := models.LoadOrStore(dir, &durabletest.Model{})
		return kept{m.(*durabletest.Model)} //nolint:errcheck,forcetypeassert // stored above
	})
}
