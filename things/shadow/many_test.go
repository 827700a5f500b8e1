package shadow

import (
	"fmt"
	"testing"
	"time"
)

// TestManyShadows makes thousands of shadows, loads them again, deletes one a
// minute and looks at what is left of the tombstones.
func TestManyShadows(t *testing.T) {
	t.Parallel()
	const n = 5000
	minute := func(i int) time.Time { return time.Unix(int64(i)*60, 0) }
	topic := func(i int, op string) string { return fmt.Sprintf("$aws/things/t-%d/shadow/%s", i, op) }
	s, err := NewService(nil)
	if err != nil {
		t.Fatal(err)
	}
	records := make([]Record, 0, n)
	for i := range n {
		_, change := s.Handle(topic(i, "update"), fmt.Appendf(nil, `{"state":{"reported":{"n":%d}}}`, i), minute(0))
		records = append(records, change.Record)
	}
	if s, err = NewService(records); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if replies, change := s.Handle(topic(i, "delete"), nil, minute(i)); change == nil {
			t.Fatalf("shadow %d was lost: %q", i, replies)
		}
	}

	const kept = 48 * 60 // tombstones that have not expired
	if s.tombstones != countRecords(s) || s.tombstones < kept-1 || s.tombstones > 2*kept {
		t.Errorf("%d tombstones in %d records, want about %d", s.tombstones, countRecords(s), kept)
	}
	for i := range n {
		want := int64(1)
		if n-i < kept {
			want = 3
		}
		_, change := s.Handle(topic(i, "update"), []byte(`{"state":{}}`), minute(n))
		if change.Record.Version != want {
			t.Fatalf("shadow %d, deleted %d minutes ago, has version %d, want %d", i, n-i, change.Record.Version, want)
		}
	}
	if s.tombstones != 0 {
		t.Errorf("%d tombstones counted, none left", s.tombstones)
	}
}

func countRecords(s *Service) (n int) {
	for _, names := range s.records {
		n += len(names)
	}
	return n
}
