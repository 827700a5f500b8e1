package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/things/topic"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// report shows an error in words; nil and a closed window show nothing.
func (w *Window) report(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	d := dialog.NewError(errors.New(capital(err.Error())), w.win)
	d.Show()
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// do runs a command off Fyne's goroutine, reports its error, and calls then
// when there is none.
func (w *Window) do(command func(ctx context.Context) error, then func()) {
	var err error
	w.loop.async(func(ctx context.Context) { err = command(ctx) }, func() {
		w.report(err)
		if err == nil && then != nil {
			then()
		}
	})
}

// thingForm is the dialog to add or edit a Thing.
type thingForm struct {
	name, display, group, filters *widget.Entry
	fault                         *widget.Label
}

func newThingForm(t things.Thing, isNew bool) *thingForm {
	f := &thingForm{
		name: widget.NewEntry(), display: widget.NewEntry(), group: widget.NewEntry(), filters: widget.NewMultiLineEntry(),
		fault: widget.NewLabel(""),
	}
	f.name.SetText(t.Name)
	f.display.SetText(t.Display)
	f.group.SetText(t.Group)
	f.filters.SetText(strings.Join(t.Filters, "\n"))
	f.name.SetPlaceHolder("thermal-01")
	f.display.SetPlaceHolder("as the thing name")
	f.group.SetPlaceHolder("floor-1/line-2")
	f.filters.SetPlaceHolder("devices/{thing}/#")
	f.filters.SetMinRowsVisible(3)
	f.fault.Importance = widget.DangerImportance
	f.fault.Wrapping = fyne.TextWrapWord
	if !isNew {
		f.name.Disable()
	}
	return f
}

// thing reads the form, or says what is wrong.
func (f *thingForm) thing(old things.Thing) (things.Thing, error) {
	t := old
	t.Name, t.Display = strings.TrimSpace(f.name.Text), strings.TrimSpace(f.display.Text)
	if err := things.ValidateName(t.Name); err != nil {
		return t, err
	}
	t.Group = strings.Trim(strings.TrimSpace(f.group.Text), "/")
	t.Filters = nil
	for line := range strings.Lines(f.filters.Text) {
		if line = strings.TrimSpace(line); line != "" {
			t.Filters = append(t.Filters, line)
		}
	}
	for _, filter := range t.TopicFilters() {
		if err := topic.ValidateFilter(filter); err != nil {
			return t, err
		}
	}
	return t, nil
}

// editThing shows the dialog; t with an empty name adds a Thing.
func (w *Window) editThing(s *engine.Session, t things.Thing) {
	isNew := t.Name == ""
	if isNew {
		t.Filters = things.DefaultFilters
	}
	f := newThingForm(t, isNew)
	grid := container.New(&formGrid{},
		widget.NewLabel("Thing name"), f.name,
		widget.NewLabel("Shown as"), f.display,
		widget.NewLabel("Group path"), f.group,
		widget.NewLabel("Topic filters"), f.filters,
	)
	hint := widget.NewLabel("One filter a line; {thing} stands for the thing name.")
	hint.Importance = widget.LowImportance
	title, verb := "Edit Thing", "Save"
	if isNew {
		title, verb = "Add a Thing to "+s.Profile().Name, "Add"
	}
	w.formDialog(title, verb, container.NewVBox(grid, hint, f.fault), f.fault, fyne.NewSize(520, 360), func() (func(context.Context) error, error) {
		changed, err := f.thing(t)
		if err == nil && isNew {
			s.Things(func(r *things.Registry) {
				if _, there := r.Thing(changed.Name); there {
					err = fmt.Errorf("there is a Thing %q already", changed.Name)
				}
			})
		}
		return func(ctx context.Context) error { return s.PutThing(ctx, changed) }, err
	}, func() {
		w.open(navigator.Ref{Kind: navigator.Thing, Session: s.Profile().ID, Thing: strings.TrimSpace(f.name.Text)})
	})
}

// formDialog shows content with a Cancel button and one that does what read
// returns. It stays open, with the fault in words, until that has worked: what
// was typed is not lost.
func (w *Window) formDialog(title, verb string, content fyne.CanvasObject, fault *widget.Label, size fyne.Size,
	read func() (func(context.Context) error, error), then func(),
) {
	var d *dialog.CustomDialog
	ok := widget.NewButton(verb, nil)
	ok.Importance = widget.HighImportance
	ok.OnTapped = func() {
		command, err := read()
		if err != nil {
			fault.SetText(capital(err.Error()))
			return
		}
		ok.Disable()
		var failed error
		w.loop.async(func(ctx context.Context) { failed = command(ctx) }, func() {
			ok.Enable()
			if failed != nil {
				fault.SetText(capital(failed.Error()))
				return
			}
			d.Hide()
			if then != nil {
				then()
			}
		})
	}
	d = dialog.NewCustomWithoutButtons(title, content, w.win)
	d.SetButtons([]fyne.CanvasObject{widget.NewButton("Cancel", func() { d.Hide() }), ok})
	d.Resize(size)
	d.Show()
}

// deleteThing asks first and says what will happen.
func (w *Window) deleteThing(s *engine.Session, t things.Summary) {
	shadows := widget.NewCheck(fmt.Sprintf("Also delete its %s at the broker", countWords(len(t.Shadows), "shadow")), nil)
	text := widget.NewLabel(fmt.Sprintf("Delete %q from %s?\nIts messages stay in the history. "+
		"When the device is heard of again it is found anew.", t.Title(), s.Profile().Name))
	dialog.ShowCustomConfirm("Delete Thing", "Delete", "Cancel", container.NewVBox(text, shadows), func(yes bool) {
		if yes {
			w.do(func(ctx context.Context) error { return s.RemoveThing(ctx, t.Name, shadows.Checked) }, func() {
				w.open(navigator.Ref{Kind: navigator.ThingsFolder, Session: s.Profile().ID})
			})
		}
	}, w.win)
}

func countWords(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
