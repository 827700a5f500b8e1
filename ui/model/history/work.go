package history

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/ui/model"
)

// count is how many messages match.
type count struct {
	job   *job
	known bool
	n     int64
	fault string
}

func (c *count) reset() {
	c.job.stop()
	*c = count{}
}

// CountMatches counts what the filter asks for.
func (m *Model) CountMatches() {
	if m.cfg.Store == nil || m.count.job != nil {
		return
	}
	m.count.reset()
	m.revision++
	q := m.query
	var n int64
	j := &job{}
	m.count.job = j
	m.run(j, func(ctx context.Context) (err error) {
		n, err = m.cfg.Store.Count(ctx, q)
		return err
	}, func(err error) {
		m.count = count{known: err == nil, n: n}
		if err != nil {
			m.count.fault = "not counted: " + err.Error()
		}
		m.changed()
	})
}

// CountWords says how many messages match: "counting…", "12,345 messages
// match", or "" when it was not asked.
func (m *Model) CountWords() string {
	switch {
	case m.count.job != nil:
		return "counting…"
	case m.count.known && m.count.n == 1:
		return "1 message matches"
	case m.count.known:
		return model.Messages(m.count.n) + " match"
	default:
		return m.count.fault
	}
}

// plan is a deletion that the user has been asked about.
type plan struct {
	q       storage.Query
	what    string
	job     *job
	counted bool
	n       int64
	fault   string
}

// Plan is a deletion to be confirmed.
type Plan struct {
	// What describes the messages: "all messages", or what they match.
	What string
	// N is how many they are, when Counted. Fault says why they could not be
	// counted.
	N       int64
	Counted bool
	Fault   string
}

// MayAct tells whether what is filtered can be exported or deleted now.
func (m *Model) MayAct() bool { return m.cfg.Store != nil && !m.faults.Any() && !m.task.running }

// PlanDelete counts what is filtered, for the user to confirm. Messages that
// come later are not meant.
func (m *Model) PlanDelete() {
	if !m.MayAct() {
		return
	}
	m.DropPlan()
	p := &plan{q: m.query, what: m.Describe(), job: &job{}}
	now := m.clock().UnixMicro()
	m.plan = p
	m.run(p.job, func(ctx context.Context) (err error) {
		if most := max(now, m.cfg.Store.Stats().Newest+1); p.q.To == 0 || p.q.To > most { // clocks may have been wrong
			p.q.To = most
		}
		p.n, err = m.cfg.Store.Count(ctx, p.q)
		return err
	}, func(err error) {
		p.job, p.counted = nil, err == nil
		if err != nil {
			p.fault = "They could not be counted: " + err.Error()
		}
		m.changed()
	})
}

// Plan returns the deletion to be confirmed.
func (m *Model) Plan() (Plan, bool) {
	if m.plan == nil {
		return Plan{}, false
	}
	if m.plan.job != nil {
		return Plan{What: m.plan.what}, true
	}
	return Plan{What: m.plan.what, N: m.plan.n, Counted: m.plan.counted, Fault: m.plan.fault}, true
}

// DropPlan deletes nothing.
func (m *Model) DropPlan() {
	if m.plan != nil {
		m.plan.job.stop()
	}
	m.plan = nil
}

// Delete deletes what was planned, once it is counted.
func (m *Model) Delete() {
	p := m.plan
	if p == nil || !p.counted || m.task.running {
		return
	}
	m.plan = nil
	var n int64
	m.task = task{running: true, job: &job{}, words: "Deleting " + model.Messages(p.n) + "…"}
	m.revision++
	m.run(m.task.job, func(ctx context.Context) (err error) {
		n, err = m.cfg.Store.Delete(ctx, p.q)
		return err
	}, func(err error) {
		m.task.end(err, "Deleted "+model.Messages(n), "Deleting was cancelled", "Deleting failed")
		m.Reload()
		m.changed()
	})
}

// task is an export or deletion, under way or ended.
type task struct {
	running bool
	job     *job
	words   string
	failed  bool
	export  bool
	total   int64 // messages to export; 0 when not known
	written *atomic.Int64
}

func (t *task) end(err error, good, cancelled, bad string) {
	t.running, t.job = false, nil
	switch {
	case err == nil:
		t.words = good
	case errors.Is(err, context.Canceled):
		t.words = cancelled
	default:
		t.words, t.failed = bad+": "+err.Error(), true
	}
}

// Task says how an export or deletion goes, or how the last one ended.
type Task struct {
	Running bool
	Words   string
	Failed  bool
}

// Task returns the last export or deletion; the zero Task when there was none.
func (m *Model) Task() Task {
	t := Task{Running: m.task.running, Words: m.task.words, Failed: m.task.failed}
	if t.Running && m.task.export {
		t.Words += " " + model.Count(m.task.written.Load())
		if m.task.total > 0 {
			t.Words += " of " + model.Count(m.task.total)
		}
		t.Words += " messages"
	}
	return t
}

// CancelTask stops the export or deletion; what is deleted stays deleted.
func (m *Model) CancelTask() {
	if m.task.running {
		m.task.job.interrupt()
	}
}

// ClearTask forgets how the last export or deletion ended.
func (m *Model) ClearTask() {
	if !m.task.running {
		m.task = task{}
		m.revision++
	}
}

// Export writes what is filtered to a file, oldest first.
func (m *Model) Export(path string, format storage.Format) {
	if !m.MayAct() || m.cfg.Export == nil {
		return
	}
	q := m.query
	m.task = task{running: true, export: true, job: &job{}, words: "Exporting to " + filepath.Base(path) + ":", total: m.count.n, written: &atomic.Int64{}}
	m.revision++
	written := m.task.written
	var n int64
	m.run(m.task.job, func(ctx context.Context) (err error) {
		n, err = m.cfg.Export(ctx, q, format, path, func(n int64) { written.Store(n) })
		return err
	}, func(err error) {
		m.task.end(err, fmt.Sprintf("Exported %s to %s", model.Messages(n), path), "The export was cancelled", "The export failed")
		m.changed()
	})
}

// Describe says what the filter asks for: "all messages", or the messages and
// what they match.
func (m *Model) Describe() string {
	f := m.filter
	var words []string
	add := func(on bool, format string, args ...any) {
		if on {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(f.Topic != "", "topic %s", f.Topic)
	add(f.Text != "", "payload with %q", f.Text)
	add(f.Way != AnyWay, "%s", f.Way)
	add(f.Retained, "retained")
	add(f.Range.span() > 0, "%s", f.Range)
	add(f.Range == Custom && f.From != "", "from %s", f.From)
	add(f.Range == Custom && f.To != "", "until %s", f.To)
	add(f.Source != "", "of %s", m.connectionName(f.Source))
	if len(words) == 0 {
		return "all messages"
	}
	return "messages: " + strings.Join(words, ", ")
}

func (m *Model) connectionName(id string) string {
	for _, c := range m.Connections() {
		if c.ID == id {
			return c.Name
		}
	}
	if id == broker.LocalID {
		return "the local broker"
	}
	return "a deleted connection"
}
