package topics

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/ui/look"
	model "github.com/thingdesk/thingdesk/ui/model/topics"
)

type subscriber struct {
	infos []engine.SubscriptionInfo
	asked []string
}

func (s *subscriber) Subscriptions() []engine.SubscriptionInfo { return s.infos }

func (s *subscriber) Subscribe(_ context.Context, sub broker.Subscription) (broker.Grant, error) {
	s.asked = append(s.asked, fmt.Sprintf("%s %d %v", sub.Filter, sub.QoS, sub.Paused))
	for i := range s.infos {
		if s.infos[i].Filter == sub.Filter {
			s.infos[i].Subscription = sub
		}
	}
	return broker.Grant{Filter: sub.Filter, QoS: sub.QoS}, nil
}

func (s *subscriber) Unsubscribe(_ context.Context, filter string) error {
	s.asked = append(s.asked, "-"+filter)
	s.infos = nil
	return nil
}

func TestSubscriptions(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.New(look.Light, 1))
	b := &subscriber{infos: []engine.SubscriptionInfo{{
		Subscription: broker.Subscription{Filter: "#"}, Answered: true, Grant: broker.Grant{Filter: "#"}, Messages: 1204,
	}}}
	m := model.NewSubscriptions(func(work func(context.Context), done func()) { work(t.Context()); done() })
	s := NewSubscriptions(m)
	w := test.NewTempWindow(t, s.Object())
	w.Resize(fyne.NewSize(900, 400))
	if !s.empty.Visible() {
		t.Error("no words without a connection")
	}
	m.Show(b)
	s.Refresh()
	if got := cells(t, s, 4, 0); got != "#|QoS 0|1,204|granted QoS 0" {
		t.Errorf("row %q", got)
	}
	if !s.pause.Disabled() {
		t.Error("pause without a selection")
	}
	s.table.OnSelected(0)
	test.Tap(s.pause)
	if s.pause.Text != "Resume" {
		t.Errorf("after pausing the button says %q", s.pause.Text)
	}
	test.Tap(s.pause)
	s.chosenQoS.SetSelectedIndex(2)
	test.Type(s.filter, "a#")
	if !s.add.Disabled() || !strings.Contains(s.words.Text, "wildcard inside") {
		t.Errorf("bad filter: %q", s.words.Text)
	}
	s.filter.SetText("a/#")
	test.Tap(s.add)
	if s.filter.Text != "" || s.result.Text != "a/#: granted QoS 0." {
		t.Errorf("added: %q", s.result.Text)
	}
	test.Tap(s.remove)
	want := []string{"# 0 true", "# 0 false", "# 2 false", "a/# 0 false", "-#"}
	if diff := cmp.Diff(want, b.asked); diff != "" {
		t.Error(diff)
	}
	if s.Len() != 0 || !s.pause.Disabled() {
		t.Error("still there")
	}
}
