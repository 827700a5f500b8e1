package history

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model"
)

// figures are read now and then.
type figures struct {
	job      *job
	next     time.Time
	stored   storage.HistoryStats
	recorder storage.RecorderStats
	off      bool
}

func (m *Model) recorder() storage.RecorderStats {
	if m.cfg.Recorder == nil {
		return storage.RecorderStats{}
	}
	return m.cfg.Recorder()
}

// readFigures reads the figures when it is time to: those of the history in the
// background, for they may need the disk.
func (m *Model) readFigures(now time.Time, r storage.RecorderStats) {
	f := &m.figures
	if off := m.cfg.Recording != nil && !m.cfg.Recording(); off != f.off || !sameTrouble(f.recorder, r) {
		f.off, f.recorder = off, r
		m.revision++
	}
	if f.job != nil || now.Before(f.next) {
		return
	}
	var s storage.HistoryStats
	f.job = &job{}
	m.run(f.job, func(context.Context) error {
		s = m.cfg.Store.Stats()
		return nil
	}, func(error) {
		f.job, f.next = nil, m.clock().Add(figuresPace)
		queued := f.recorder.Queued
		f.recorder = m.recorder()
		if s != f.stored || f.recorder.Queued != queued {
			f.stored = s
			m.changed()
		}
	})
}

func sameTrouble(a, b storage.RecorderStats) bool {
	return a.Dropped == b.Dropped && a.Trouble == b.Trouble
}

// StoredWords says what is stored: messages, bytes, since when, and how many
// wait to be stored.
func (m *Model) StoredWords() string {
	if m.cfg.Store == nil {
		return cmp.Or(m.cfg.Why, "No history is kept.")
	}
	f := &m.figures
	words := []string{model.Messages(f.stored.Rows) + " stored", model.Bytes(f.stored.Bytes)}
	if f.stored.Oldest != 0 {
		words = append(words, "since "+time.UnixMicro(f.stored.Oldest).In(model.In(m.utc)).Format("2006-01-02 15:04"))
	}
	words = append(words, "queue "+model.Count(f.recorder.Queued))
	if f.off {
		words = append(words, "recording is off")
	}
	return strings.Join(words, " · ")
}

// TroubleWords says what is wrong with recording and what could not be stored,
// by reason; "" when all is well.
func (m *Model) TroubleWords() string {
	r := m.figures.recorder
	var words []string
	if r.Trouble != "" {
		words = append(words, r.Trouble)
	}
	if r.Dropped > 0 {
		var reasons []string
		for _, why := range slices.SortedFunc(maps.Keys(r.DroppedBy), func(a, b string) int {
			return cmp.Or(cmp.Compare(r.DroppedBy[b], r.DroppedBy[a]), strings.Compare(a, b))
		}) {
			reasons = append(reasons, model.Count(r.DroppedBy[why])+" "+why)
		}
		text := model.Messages(r.Dropped) + " not stored"
		if len(reasons) > 0 {
			text += " (" + strings.Join(reasons, "; ") + ")"
		}
		words = append(words, text)
	}
	return strings.Join(words, " · ")
}
