package ui

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview"
	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// planDialog shows what one update would change of a shadow, live, and sends
// it when the user says so.
type planDialog struct {
	page     *thingPage
	form     *form.Form
	plan     func() (form.Plan, error)
	verb     func(n int) string // the text of the button for n changes
	current  form.Plan
	revision uint64

	dialog *dialog.CustomDialog
	diff   *widgets.CodeView
	words  *widget.Label
	send   *widget.Button
}

// newPlanDialog opens a dialog for the form that is shown. options stand above
// the changes; whoever changes them calls draw.
func (p *thingPage) newPlanDialog(title string, options fyne.CanvasObject, plan func() (form.Plan, error), verb func(n int) string) *planDialog {
	d := &planDialog{page: p, form: p.panel.Form(), plan: plan, verb: verb, diff: widgets.NewCodeView(), words: widget.NewLabel("")}
	d.diff.OnCopy = p.win.copyText
	d.words.Wrapping = fyne.TextWrapWord
	d.send = widget.NewButton("", d.tapped)
	d.send.Importance = widget.HighImportance
	d.dialog = dialog.NewCustomWithoutButtons(title, container.NewBorder(options, d.words, nil, nil, d.diff), p.win.win)
	d.dialog.SetButtons([]fyne.CanvasObject{widget.NewButton("Cancel", d.dialog.Hide), d.send})
	d.dialog.SetOnClosed(func() { p.open = nil })
	p.open = d
	d.draw()
	size := p.win.win.Canvas().Size()
	d.dialog.Resize(fyne.NewSize(min(720, size.Width*0.9), min(520, size.Height*0.85)))
	d.dialog.Show()
	return d
}

// refresh draws anew when the shadow has changed.
func (d *planDialog) refresh() {
	if d.form.Revision() != d.revision {
		d.draw()
	}
}

func (d *planDialog) draw() {
	d.revision = d.form.Revision()
	plan, err := d.plan()
	if err == nil {
		if ok, why := d.form.CanPlan(); !ok {
			err = errors.New(why)
		}
	}
	d.current = plan
	d.diff.SetDiff(shadowview.DiffLines(plan.Changes))
	widgets.SetButton(d.send, d.verb(plan.Count()))
	widgets.Enable(d.send, err == nil && plan.Count() > 0)
	switch {
	case err != nil:
		d.say(capital(err.Error())+".", widget.DangerImportance)
	case plan.Count() == 0:
		d.say("Nothing would change.", widget.MediumImportance)
	default:
		d.say(fmt.Sprintf("One update of %s, made from v%d.", form.ShadowWords(d.form.Key()), plan.Version), widget.LowImportance)
	}
}

func (d *planDialog) say(text string, im widget.Importance) {
	if d.words.Importance != im {
		d.words.Importance = im
		d.words.Refresh()
	}
	widgets.SetText(d.words, text)
}

func (d *planDialog) tapped() {
	u, err := d.form.SendPlan(d.current, time.Now().UnixMicro(), rand.Text())
	if err != nil {
		d.draw()
		d.say(capital(err.Error())+".", widget.DangerImportance)
		return
	}
	d.dialog.Hide()
	d.page.forms.send(d.form, u)
}

// clearDesired shows what clearing desired removes, all or what differs, and
// how much it is, before it is done.
func (p *thingPage) clearDesired() {
	f := p.panel.Form()
	what := form.ClearAll
	all, differs := "", ""
	choose := widget.NewRadioGroup(nil, nil)
	label := func() {
		all = fmt.Sprintf("All of desired (%s)", countWords(f.PlanClear(form.ClearAll).Count(), "value"))
		differs = fmt.Sprintf("Only what differs from reported (%s)", countWords(f.PlanClear(form.ClearDiffers).Count(), "value"))
		if len(choose.Options) == 2 && choose.Options[0] == all && choose.Options[1] == differs {
			return
		}
		choose.Options = []string{all, differs}
		choose.Selected = choose.Options[what]
		choose.Refresh()
	}
	label()
	choose.Required = true
	hint := widget.NewLabel("Reported stays as it is. The device is told nothing about values that are no longer desired.")
	hint.Importance, hint.Wrapping = widget.LowImportance, fyne.TextWrapWord
	d := p.newPlanDialog("Clear desired of "+form.ShadowWords(f.Key()), container.NewVBox(choose, hint), func() (form.Plan, error) {
		label()
		return f.PlanClear(what), nil
	}, func(n int) string { return "Clear " + countWords(n, "value") })
	choose.OnChanged = func(s string) {
		what = form.ClearAll
		if s == differs {
			what = form.ClearDiffers
		}
		d.draw()
	}
}

// exportShadow asks where to save, and writes the document there.
func (p *thingPage) exportShadow() {
	f := p.panel.Form()
	d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
		if err != nil || to == nil {
			p.win.report(err)
			return
		}
		path := to.URI().Path()
		if err := to.Close(); err != nil {
			p.win.report(fmt.Errorf("write %q: %w", path, err))
			return
		}
		p.saveDocument(f, path)
	}, p.win.win)
	d.SetFileName(f.FileName())
	d.Show()
	d.Resize(fyne.NewSize(820, 560)) // before Show it is a panic in Fyne 2.8.1
}

// saveDocument writes the document as it is now.
func (p *thingPage) saveDocument(f *form.Form, path string) {
	text, ok := f.Export()
	if !ok {
		p.win.report(errors.New("there is no document to export"))
		return
	}
	version := f.View().Doc.Version
	p.win.do(func(context.Context) error { return writeFile(path, text) }, func() {
		f.Tell(fmt.Sprintf("The document (v%d) was exported to %s.", version, path), form.Good)
	})
}

// writeFile writes beside the file and gives it its name at the end, so that
// there is never half a file.
func writeFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", path, err), os.Remove(file.Name()))
	}
	return nil
}

// importShadow asks for a file and shows what it would change.
func (p *thingPage) importShadow() {
	f := p.panel.Form()
	d := dialog.NewFileOpen(func(from fyne.URIReadCloser, err error) {
		if err != nil || from == nil {
			p.win.report(err)
			return
		}
		p.readDocument(f, from, from.URI().Name())
	}, p.win.win)
	d.Show()
	d.Resize(fyne.NewSize(820, 560)) // before Show it is a panic in Fyne 2.8.1
}

// readDocument reads a file for an import into f, and closes it.
func (p *thingPage) readDocument(f *form.Form, from io.ReadCloser, name string) {
	var imported *form.Import
	p.win.do(func(context.Context) error {
		text, err := io.ReadAll(io.LimitReader(from, form.MaxFile+1))
		if err = errors.Join(err, from.Close()); err != nil {
			return fmt.Errorf("read %q: %w", name, err)
		}
		if imported, err = form.ReadImport(text); err != nil {
			return fmt.Errorf("%s cannot be imported: %w", name, err)
		}
		return nil
	}, func() {
		if p.session == nil || p.panel.Form() != f {
			return // the user has gone elsewhere
		}
		p.showImport(f, imported, name)
	})
}

// showImport shows what an import would change, with what can be chosen.
func (p *thingPage) showImport(f *form.Form, i *form.Import, name string) {
	hasDesired, hasReported := i.Has()
	desired, reported := widget.NewCheck("desired", nil), widget.NewCheck("reported, in the device's place", nil)
	desired.SetChecked(hasDesired)
	reported.SetChecked(hasReported)
	setEnabled(hasDesired, desired)
	setEnabled(hasReported, reported)
	replace := widget.NewCheck("Also remove what the file does not have", nil)
	const asDesired, asReported = "as desired", "as reported, in the device's place"
	section := widget.NewSelect([]string{asDesired, asReported}, nil)
	section.SetSelected(asDesired)
	from := container.NewHBox(widget.NewLabel("Take"), desired, reported)
	if i.Bare {
		from = container.NewHBox(widget.NewLabel("Take the properties of the file"), section)
	}
	d := p.newPlanDialog("Import "+name+" into "+form.ShadowWords(f.Key()), container.NewVBox(from, replace), func() (form.Plan, error) {
		return f.PlanImport(i, form.Choice{
			Desired: desired.Checked, Reported: reported.Checked, AsReported: section.Selected == asReported, Replace: replace.Checked,
		})
	}, func(n int) string { return "Send " + countWords(n, "change") })
	draw := func(bool) { d.draw() }
	desired.OnChanged, reported.OnChanged, replace.OnChanged = draw, draw, draw
	section.OnChanged = func(string) { d.draw() }
}
