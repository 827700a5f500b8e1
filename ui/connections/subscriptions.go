package connections

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	model "github.com/thingdesk/thingdesk/ui/model/connections"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// subscriptions edits the topic filters of a connection, one a line.
type subscriptions struct {
	form   *form
	object *fyne.Container
	box    *fyne.Container
	lines  []*subscriptionLine
}

// subscriptionLine is one filter with its QoS.
type subscriptionLine struct {
	object *fyne.Container
	filter *widget.Entry
	qos    *widget.Select
	paused *widget.Check
	fault  *widget.Label
}

func newSubscriptions(f *form) *subscriptions {
	s := &subscriptions{form: f, box: container.NewVBox()}
	add := widget.NewButtonWithIcon("Add a filter", theme.ContentAddIcon(), func() {
		f.edit(func(m *model.Form) { m.Subscriptions = append(m.Subscriptions, broker.Subscription{}) })
		if c := fyne.CurrentApp().Driver().CanvasForObject(f.object); c != nil && len(s.lines) > 0 {
			c.Focus(s.lines[len(s.lines)-1].filter)
			f.scroll.ScrollToBottom()
		}
	})
	s.object = container.NewVBox(widgets.Caption("Subscriptions"),
		newHint("The topic filters to subscribe to. # does not cover topics that begin with $."), s.box, container.NewHBox(add))
	return s
}

// draw reports whether the number of lines or their heights changed.
func (s *subscriptions) draw(m *model.Form) (moved bool) {
	for len(s.lines) < len(m.Subscriptions) {
		l := s.newLine(len(s.lines))
		s.lines = append(s.lines, l)
		s.box.Add(l.object)
		moved = true
	}
	for len(s.lines) > len(m.Subscriptions) {
		last := len(s.lines) - 1
		s.box.Remove(s.lines[last].object)
		s.lines = s.lines[:last]
		moved = true
	}
	for i, sub := range m.Subscriptions {
		l := s.lines[i]
		if l.filter.Text != sub.Filter {
			l.filter.SetText(sub.Filter)
		}
		if l.qos.SelectedIndex() != int(sub.QoS) {
			l.qos.SetSelectedIndex(int(sub.QoS))
		}
		if l.paused.Checked != sub.Paused {
			l.paused.SetChecked(sub.Paused)
		}
		fault := m.SubscriptionFault(i)
		if l.fault.Text != fault {
			l.fault.SetText(fault)
			moved = true
		}
		moved = widgets.Show(l.fault, fault != "") || moved
	}
	return moved
}

// newLine returns the line of the i-th subscription.
func (s *subscriptions) newLine(i int) *subscriptionLine {
	l := &subscriptionLine{filter: widget.NewEntry(), fault: newFault()}
	edit := func(change func(sub *broker.Subscription)) {
		s.form.edit(func(m *model.Form) {
			if i < len(m.Subscriptions) {
				change(&m.Subscriptions[i])
			}
		})
	}
	l.filter.SetPlaceHolder("factory/+/machine/#")
	l.filter.OnChanged = func(text string) { edit(func(sub *broker.Subscription) { sub.Filter = text }) }
	l.qos = widget.NewSelect([]string{"QoS 0", "QoS 1", "QoS 2"}, func(string) {
		edit(func(sub *broker.Subscription) { sub.QoS = byte(max(l.qos.SelectedIndex(), 0)) })
	})
	l.paused = widget.NewCheck("paused", func(on bool) { edit(func(sub *broker.Subscription) { sub.Paused = on }) })
	remove := widget.NewButtonWithIcon("", theme.ContentRemoveIcon(), func() {
		s.form.edit(func(m *model.Form) {
			if i < len(m.Subscriptions) {
				m.Subscriptions = slices.Delete(slices.Clone(m.Subscriptions), i, i+1)
			}
		})
	})
	l.object = container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(l.qos, l.paused, remove), l.filter), l.fault)
	return l
}
