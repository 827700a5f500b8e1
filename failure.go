package main

import (
	"io"
	"os"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/assets"
	"github.com/thingdesk/thingdesk/ui/look"
)

// failureMost is how long a window that says why Thingdesk could not start
// stays open by itself.
const failureMost = 30 * time.Second

// showFailure says in a small window why Thingdesk could not start, when it was
// started from the desktop and nobody would read standard error.
func showFailure(failure error, stderr io.Writer) {
	if f, ok := stderr.(*os.File); !ok || isRead(f) {
		return
	}
	a := app.NewWithID(appID)
	a.SetIcon(fyne.NewStaticResource("icon.png", assets.Icon))
	a.Settings().SetTheme(look.New(look.Auto, 1))
	w := a.NewWindow("Thingdesk could not start")
	text := widget.NewLabel(failure.Error())
	text.Wrapping = fyne.TextWrapWord
	text.Selectable = true
	w.SetContent(container.NewPadded(container.NewBorder(nil,
		container.NewHBox(widget.NewButton("Close", w.Close)), nil, nil, container.NewVScroll(text))))
	w.Resize(fyne.NewSize(560, 180))
	w.CenterOnScreen()
	timer := time.AfterFunc(failureMost, func() { fyne.Do(w.Close) })
	w.ShowAndRun()
	timer.Stop()
}

// isRead tells whether somebody may read what is written to f: a terminal, a
// file or a pipe. A program started from the desktop has the journal's socket,
// the null device or nothing there.
func isRead(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeSocket != 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
