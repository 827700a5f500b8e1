package publish

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
)

const (
	// largestPayload is what MQTT allows in one packet.
	largestPayload = 268_435_455
	menuRunes      = 60
)

// chooseFile lets the user choose a file and makes its content the payload.
func (d *Drawer) chooseFile() {
	dialog.ShowFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			dialog.ShowError(fmt.Errorf("open file: %w", err), d.cfg.Window)
			return
		}
		if r != nil {
			d.readFile(r.URI().Name(), r)
		}
	}, d.cfg.Window)
}

// readFile reads and closes r beside the screen. Of several files asked for,
// the last counts.
func (d *Drawer) readFile(name string, r io.ReadCloser) {
	d.reading++
	number := d.reading
	var (
		data []byte
		err  error
	)
	d.cfg.Async(func(context.Context) {
		data, err = io.ReadAll(io.LimitReader(r, largestPayload+1))
		err = errors.Join(err, r.Close())
		if err == nil && len(data) > largestPayload {
			err = fmt.Errorf("it is larger than MQTT allows (%s)", model.Bytes(largestPayload))
		}
	}, func() {
		if number != d.reading {
			return
		}
		if err != nil {
			dialog.ShowError(fmt.Errorf("read file %q: %w", name, err), d.cfg.Window)
			return
		}
		d.model.SetFile(name, data)
		d.draw()
	})
}

// recentMenu lists the messages sent before.
func (d *Drawer) recentMenu() {
	var items []*fyne.MenuItem
	for i, s := range d.model.Recent() {
		text := fmt.Sprintf("%s   %s", model.OneLine([]byte(s.Topic), menuRunes), model.OneLine(s.Payload, menuRunes))
		if s.Retain {
			text += "   retained"
		}
		items = append(items, fyne.NewMenuItem(text, func() {
			d.model.Use(i)
			d.refused = ""
			d.draw()
		}))
	}
	if len(items) == 0 {
		none := fyne.NewMenuItem("Nothing was sent yet", nil)
		none.Disabled = true
		items = append(items, none)
	}
	widget.ShowPopUpMenuAtRelativePosition(fyne.NewMenu("", items...), d.cfg.Window.Canvas(),
		fyne.NewPos(0, d.recent.Size().Height), d.recent)
}
