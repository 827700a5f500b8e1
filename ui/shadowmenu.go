package ui

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/broker"
	"github.com/thingdesk/thingdesk/engine"
	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/things"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// shadowMenu returns what can be done with the shadow that is shown.
func (p *thingPage) shadowMenu() *fyne.Menu {
	view := p.panel.Form().View()
	item := func(label string, enabled bool, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(label, do)
		i.Disabled = !enabled || p.session == nil
		return i
	}
	return fyne.NewMenu("",
		item("New named shadow…", true, p.addShadow),
		item("Rename…", p.key.Name != "" && view.Exists, p.renameShadow),
		item("Delete shadow…", view.Exists, p.deleteShadow),
		fyne.NewMenuItemSeparator(),
		item("Export document…", view.Exists, p.exportShadow),
		item("Import document…", view.Known, p.importShadow),
		fyne.NewMenuItemSeparator(),
		item("Clear desired…", len(view.Doc.Desired) > 0, p.clearDesired),
	)
}

// addShadow asks for the name of a new shadow and makes it.
func (p *thingPage) addShadow() {
	key := p.key
	p.nameDialog("New named shadow of "+key.Thing, "Add shadow", "",
		"An empty shadow is made at the shadow service. A name has letters, digits, $, : _ and -, at most 64.",
		func(name string) (*form.Job, error) {
			key.Name = name
			return form.AddShadow(key, rand.Text), nil
		})
}

// renameShadow asks for another name, copies the shadow there and deletes the
// old one.
func (p *thingPage) renameShadow() {
	key, f := p.key, p.panel.Form()
	p.nameDialog(fmt.Sprintf("Rename the shadow %q of %s", key.Name, key.Thing), "Rename", key.Name,
		"Desired and reported are copied into a shadow of the new name; the old one is deleted when the copy was accepted. "+
			"The times in the metadata begin anew. A device that uses the old name must learn the new one.",
		func(name string) (*form.Job, error) {
			if name == key.Name {
				return nil, errors.New("this is its name already")
			}
			if ok, why := f.CanPlan(); !ok {
				return nil, errors.New(why)
			}
			return form.RenameShadow(key, name, rand.Text), nil
		})
}

// nameDialog asks for the name of a shadow and runs the Job that job returns
// for it. It stays open, with the reason in words, until that has worked.
func (p *thingPage) nameDialog(title, verb, name, hint string, job func(name string) (*form.Job, error)) {
	w, s := p.win, p.session
	entry, fault := widget.NewEntry(), widget.NewLabel("")
	entry.SetText(name)
	entry.SetPlaceHolder("config")
	fault.Importance, fault.Wrapping = widget.DangerImportance, fyne.TextWrapWord
	words := widget.NewLabel(hint)
	words.Importance, words.Wrapping = widget.LowImportance, fyne.TextWrapWord
	ok := widget.NewButton(verb, nil)
	ok.Importance = widget.HighImportance
	cancel := widget.NewButton("Cancel", nil)
	content := container.NewVBox(entry, words, fault)
	d := dialog.NewCustomWithoutButtons(title, content, w.win)
	cancel.OnTapped = d.Hide
	ok.OnTapped = func() {
		err := form.ValidateShadowName(entry.Text)
		var j *form.Job
		if err == nil {
			j, err = job(entry.Text)
		}
		if err != nil {
			widgets.SetText(fault, capital(err.Error())+".")
			w.win.Canvas().Focus(entry)
			return
		}
		widgets.SetText(fault, "")
		setEnabled(false, ok, cancel, entry)
		p.run(s, j, func(o form.Outcome) {
			setEnabled(true, ok, cancel, entry)
			if !o.OK {
				widgets.SetText(fault, o.Text)
				return
			}
			d.Hide()
			p.showOutcome(s, o)
		})
	}
	entry.OnSubmitted = func(string) {
		if !ok.Disabled() {
			ok.OnTapped()
		}
	}
	d.SetButtons([]fyne.CanvasObject{cancel, ok})
	d.Resize(fyne.NewSize(520, 300))
	d.Show()
	w.win.Canvas().Focus(entry)
}

func setEnabled(on bool, all ...fyne.Disableable) {
	for _, o := range all {
		widgets.Enable(o, on)
	}
}

// deleteShadow asks first and says what goes.
func (p *thingPage) deleteShadow() {
	s, key, v := p.session, p.key, p.panel.Form().View()
	values := form.Leaves(v.Doc.Desired) + form.Leaves(v.Doc.Reported)
	text := fmt.Sprintf("Delete %s at %s, with the %s of desired and reported (v%d)?\nIts messages stay in the history.",
		form.ShadowWords(key), s.Profile().Name, countWords(values, "value"), v.Doc.Version)
	if n := p.panel.Form().Summary().Edited; n > 0 {
		text += fmt.Sprintf("\nThe %s in the form stay there.", countWords(n, "unsent edit"))
	}
	dialog.ShowCustomConfirm("Delete shadow", "Delete", "Cancel", widget.NewLabel(text), func(yes bool) {
		if !yes {
			return
		}
		p.run(s, form.DeleteShadow(key, rand.Text), func(o form.Outcome) {
			if !o.OK {
				p.win.report(errors.New(o.Text))
				return
			}
			p.showOutcome(s, o)
		})
	}, p.win.win)
}

// showOutcome brings the page to the shadow that a Job ended with, unless the
// user has gone elsewhere.
func (p *thingPage) showOutcome(s *engine.Session, o form.Outcome) {
	if p.session != s || p.key.Thing != o.Show.Thing {
		return
	}
	if p.ref.Kind == navigator.Shadow && p.win.workspace.current == p {
		p.win.open(navigator.Ref{Kind: navigator.Shadow, Session: p.ref.Session, Thing: o.Show.Thing, Shadow: o.Show.Name})
	}
	p.showShadow(o.Show)
	p.panel.Form().Tell(o.Text, form.Good)
}

// run runs a Job off Fyne's goroutine, and then calls done on it.
func (p *thingPage) run(s *engine.Session, j *form.Job, done func(form.Outcome)) {
	var o form.Outcome
	p.win.loop.async(func(ctx context.Context) { o = runJob(ctx, s, j) }, func() { done(o) })
}

// jobPace is how often a Job looks for its answer.
const jobPace = 25 * time.Millisecond

// runJob plays a Job to its end: it publishes the requests and brings the
// answers, which the session learns like all other shadow messages.
func runJob(ctx context.Context, s *engine.Session, j *form.Job) form.Outcome {
	var seq uint64
	s.Things(func(r *things.Registry) {
		if all := r.Activity(j.Thing(), 0); len(all) > 0 {
			seq = all[len(all)-1].Seq
		}
	})
	request, more := j.Start(time.Now().UnixMicro()), true
	tick := time.NewTicker(jobPace)
	defer tick.Stop()
	for {
		if more {
			publishFor(ctx, s, j, request)
			more = false
		}
		if o, ok := j.Outcome(); ok {
			return o
		}
		select {
		case <-ctx.Done():
			j.Unsure(request.Token, "Thingdesk was closed")
			continue
		case <-tick.C:
		}
		var fresh []things.Activity
		s.Things(func(r *things.Registry) { fresh = r.Activity(j.Thing(), seq) })
		now := time.Now().UnixMicro()
		for _, a := range fresh {
			seq = a.Seq
			f := a.Fact
			answer := form.Answer{Op: f.Op, Doc: f.Doc, Version: f.Version, Code: f.Code, Message: f.Message}
			if next, yes := j.Answer(f.Token, answer, now); yes {
				request, more = next, true
			}
		}
		j.Tick(now)
	}
}

func publishFor(ctx context.Context, s *engine.Session, j *form.Job, r form.Request) {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	_, err := s.Publish(ctx, broker.Message{Topic: r.Topic, Payload: r.Payload, QoS: 1})
	switch {
	case errors.Is(err, broker.ErrNotConnected):
		j.Failed(r.Token, err.Error())
	case err != nil:
		j.Unsure(r.Token, err.Error())
	}
}
