package ui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/localbroker/authority"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// deviceList is the dialog with the certificates that were issued to devices,
// where they can be revoked.
type deviceList struct {
	window *Window
	rows   []authority.Issued // newest first
	table  *widgets.Table
	none   *widget.Label
	revoke *widget.Button
	serial string // of the selected one
}

func (w *Window) showDevices() *deviceList {
	l := &deviceList{window: w, none: widget.NewLabel("No certificate was issued yet. Add a device… makes one.")}
	l.none.Alignment = fyne.TextAlignCenter
	l.table = widgets.NewTable([]widgets.Column{
		{Title: "Device"}, {Title: "Issued", Width: 90}, {Title: "Expires", Width: 90}, {Title: "Revoked", Width: 90}, {Title: "Key", Width: 80},
	}, l)
	l.table.OnSelected = func(row int) {
		l.serial = l.rows[row].Serial
		l.draw()
	}
	l.revoke = widget.NewButtonWithIcon("Revoke…", theme.DeleteIcon(), l.askRevoke)
	d := dialog.NewCustomWithoutButtons("Devices with certificates", container.NewStack(l.table, container.NewCenter(l.none)), w.win)
	d.SetButtons([]fyne.CanvasObject{l.revoke, widget.NewButton("Close", d.Hide)})
	l.draw()
	l.read()
	d.Resize(fyne.NewSize(680, 420))
	d.Show()
	return l
}

// read reads the list off Fyne's goroutine.
func (l *deviceList) read() {
	var rows []authority.Issued
	l.window.do(func(context.Context) (err error) {
		rows, err = l.window.bench.IssuedDevices()
		return err
	}, func() {
		l.rows = l.rows[:0]
		for i := range rows {
			l.rows = append(l.rows, rows[len(rows)-1-i])
		}
		l.draw()
	})
}

// selected returns the selected certificate and where it is; -1 for none.
func (l *deviceList) selected() (d authority.Issued, row int) {
	for i, r := range l.rows {
		if r.Serial == l.serial {
			return r, i
		}
	}
	return d, -1
}

func (l *deviceList) draw() {
	d, row := l.selected()
	l.table.Mark(row)
	l.table.Refresh()
	widgets.Show(l.none, len(l.rows) == 0)
	widgets.Enable(l.revoke, row >= 0 && d.Revoked.IsZero())
}

// askRevoke asks before the selected certificate is revoked.
func (l *deviceList) askRevoke() {
	d, row := l.selected()
	if row < 0 {
		return
	}
	words := widget.NewLabel(fmt.Sprintf("Revoke the certificate of %q for good? It is disconnected, and comes in by this certificate no more.", d.Name))
	words.Wrapping = fyne.TextWrapWord
	ask := dialog.NewCustomConfirm("Revoke certificate", "Revoke", "Cancel", words, func(yes bool) {
		if yes {
			l.window.do(func(context.Context) error { return l.window.bench.RevokeDevice(d.Serial) }, l.read)
		}
	}, l.window.win)
	ask.SetConfirmImportance(widget.DangerImportance)
	ask.Resize(fyne.NewSize(440, 180))
	ask.Show()
}

// Len implements widgets.TableSource.
func (l *deviceList) Len() int { return len(l.rows) }

// Cells implements widgets.TableSource.
func (l *deviceList) Cells(i int, out []widgets.Cell) {
	if i >= len(l.rows) {
		return
	}
	d := l.rows[i]
	out[0].Text = d.Name
	out[1].Text = d.Issued.Local().Format(time.DateOnly)
	out[2].Text = d.Expires.Local().Format(time.DateOnly)
	out[4].Text = string(d.Kind)
	if !d.Revoked.IsZero() {
		out[3].Text = d.Revoked.Local().Format(time.DateOnly)
		for k := range out {
			out[k].Tone = widgets.ToneDim
		}
	}
}
