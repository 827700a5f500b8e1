package historytest

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/topic"
)

// reference holds what a history should hold, in the order of storing.
type reference struct {
	rows []storage.Row
}

func (r *reference) len() int { return len(r.rows) }

// append stores a batch in both.
func (r *reference) append(t *testing.T, h storage.History, es ...storage.Entry) {
	t.Helper()
	if err := h.Append(t.Context(), es); err != nil {
		t.Fatalf("append %d: %v", len(es), err)
	}
	for _, e := range es {
		r.rows = append(r.rows, storage.Row{Entry: e})
	}
}

// lastID returns the ID of the newest row that h has.
func (r *reference) lastID(t *testing.T, h storage.History) int64 {
	t.Helper()
	p, err := h.Page(t.Context(), storage.Query{Limit: 1}, 0)
	if err != nil || len(p.Rows) != 1 {
		t.Fatalf("newest row: %d rows, %v", len(p.Rows), err)
	}
	return p.Rows[0].ID
}

func (r *reference) find(q storage.Query) []storage.Row {
	var out []storage.Row
	for _, row := range r.rows {
		if matches(q, row) {
			out = append(out, row)
		}
	}
	return out
}

func (r *reference) delete(q storage.Query) int64 {
	before := len(r.rows)
	r.rows = slices.DeleteFunc(r.rows, func(row storage.Row) bool { return matches(q, row) })
	return int64(before - len(r.rows))
}

func matches(q storage.Query, r storage.Row) bool {
	m := r.Message
	return (q.Source == "" || q.Source == r.Source) &&
		(len(q.Filters) == 0 || slices.ContainsFunc(q.Filters, func(f string) bool { return topic.Match(f, m.Topic) })) &&
		(q.From == 0 || m.Time >= q.From) && (q.To == 0 || m.Time < q.To) &&
		bytes.Contains(m.Payload, q.Contains) &&
		(q.Direction == nil || *q.Direction == m.Direction) &&
		(!q.Retained || m.Retained)
}

func describe(q storage.Query) string {
	direction := "any"
	if q.Direction != nil {
		direction = q.Direction.String()
	}
	return fmt.Sprintf("source %q, filters %q, from %d, to %d, contains %q, direction %s, retained %v",
		q.Source, q.Filters, q.From, q.To, q.Contains, direction, q.Retained)
}

// check compares Scan, Count and the pages of size limit with the reference.
func check(t *testing.T, h storage.History, ref *reference, q storage.Query, limit int) {
	t.Helper()
	ctx := t.Context()
	want := ref.find(q)
	var got []storage.Row
	last := int64(0)
	if err := h.Scan(ctx, q, func(r storage.Row) bool {
		if r.ID <= last {
			t.Errorf("%s: ID %d after %d", describe(q), r.ID, last)
		}
		last = r.ID
		got = append(got, r)
		return true
	}); err != nil {
		t.Fatalf("scan %s: %v", describe(q), err)
	}
	if !slices.EqualFunc(want, got, same) {
		t.Fatalf("scan %s (-want +got):\n%s", describe(q), gocmp.Diff(want, got, sameRows))
	}
	if n, err := h.Count(ctx, q); n != int64(len(want)) || err != nil {
		t.Fatalf("count %s = %d, %v; want %d", describe(q), n, err, len(want))
	}
	checkPages(t, h, q, got, limit)
}

// checkPages wants full pages, the last but for, that together are all rows.
func checkPages(t *testing.T, h storage.History, q storage.Query, want []storage.Row, limit int) {
	t.Helper()
	q.Limit = limit
	var got []storage.Row
	var at storage.Cursor
	for {
		p, err := h.Page(t.Context(), q, at)
		if err != nil {
			t.Fatalf("page of %d, %s: %v", limit, describe(q), err)
		}
		got = append(got, p.Rows...)
		left := len(want) - len(got)
		if p.More != (left > 0) || p.More && len(p.Rows) != limit || len(p.Rows) > limit {
			t.Fatalf("page of %d, %s: %d rows, more %v with %d left", limit, describe(q), len(p.Rows), p.More, left)
		}
		if len(p.Rows) > 0 && p.Next != storage.Cursor(p.Rows[len(p.Rows)-1].ID) {
			t.Fatalf("page of %d, %s: next is %d, not the last row", limit, describe(q), p.Next)
		}
		if !p.More {
			break
		}
		at = p.Next
	}
	slices.Reverse(got)
	if !slices.EqualFunc(want, got, func(a, b storage.Row) bool { return a.ID == b.ID && same(a, b) }) {
		t.Fatalf("pages of %d, %s (-scan +pages):\n%s", limit, describe(q), gocmp.Diff(want, got))
	}
}

// same compares rows but for their IDs, much faster than a diff.
func same(a, b storage.Row) bool {
	pa, pb := a.Message.Payload, b.Message.Payload
	a.Message.Payload, b.Message.Payload = nil, nil
	return a.Source == b.Source && a.SourceName == b.SourceName && bytes.Equal(pa, pb) && reflect.DeepEqual(a.Message, b.Message)
}

func checkTopics(t *testing.T, h storage.History, ref *reference) {
	t.Helper()
	for _, source := range []string{"", "id-one", "nobody"} {
		infos := make(map[[2]string]storage.TopicInfo)
		for _, r := range ref.find(storage.Query{Source: source}) {
			k := [2]string{r.Message.Topic, r.Source}
			i, ok := infos[k]
			if !ok {
				i = storage.TopicInfo{Source: r.Source, Name: r.Message.Topic, Last: r.Message.Time}
			}
			i.Count, i.Last = i.Count+1, max(i.Last, r.Message.Time)
			infos[k] = i
		}
		want := make([]storage.TopicInfo, 0, len(infos))
		for _, i := range infos {
			want = append(want, i)
		}
		slices.SortFunc(want, func(a, b storage.TopicInfo) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Source, b.Source))
		})
		got, err := h.Topics(t.Context(), source)
		if d := gocmp.Diff(want, got, sameRows); d != "" || err != nil {
			t.Fatalf("topics of %q: %v (-want +got):\n%s", source, err, d)
		}
	}
}

func checkStats(t *testing.T, h storage.History, ref *reference) {
	t.Helper()
	want := storage.HistoryStats{Rows: int64(len(ref.rows))}
	for i, r := range ref.rows {
		if i == 0 {
			want.Oldest, want.Newest = r.Message.Time, r.Message.Time
		}
		want.Oldest, want.Newest = min(want.Oldest, r.Message.Time), max(want.Newest, r.Message.Time)
	}
	got := h.Stats()
	got.Bytes = 0
	if got != want {
		t.Fatalf("Stats = %+v; want %+v", got, want)
	}
}
