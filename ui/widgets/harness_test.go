package widgets

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// plainTheme is Fyne's test theme with a text size one can count with.
type plainTheme struct {
	fyne.Theme
	text float32
}

func (p plainTheme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return p.text
	case theme.SizeNameInnerPadding:
		return 5
	case theme.SizeNameScrollBar:
		return 10
	}
	return p.Theme.Size(name)
}

// show puts o, sized w by h, into a window of a fresh test app. Rows are then
// 24 high.
func show(t *testing.T, o fyne.CanvasObject, w, h float32) fyne.Canvas {
	t.Helper()
	app := test.NewTempApp(t)
	app.Settings().SetTheme(plainTheme{test.NewTheme(), 13})
	win := test.NewTempWindow(t, o)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return win.Canvas()
}

// shown returns what each row in sight shows, its cells joined by "|".
func shown(l *list) map[int]string {
	rows := map[int]string{}
	for _, s := range l.slots {
		if s.row < 0 {
			continue
		}
		var texts []string
		for _, c := range s.cells[:s.used] {
			texts = append(texts, c.obj.Text)
		}
		rows[s.row] = strings.Join(texts, "|")
	}
	return rows
}

// rowMiddle returns the middle of a row in sight.
func rowMiddle(t *testing.T, l *list, row int) fyne.Position {
	t.Helper()
	for _, s := range l.slots {
		if s.row == row {
			return fyne.NewPos(l.size.Width/2, s.y+l.rowH/2)
		}
	}
	t.Fatalf("row %d is not in sight: top is %v", row, l.top)
	return fyne.Position{}
}

func press(f fyne.Focusable, names ...fyne.KeyName) {
	for _, n := range names {
		f.TypedKey(&fyne.KeyEvent{Name: n})
	}
}

func visibleBack(l *list, row int) *canvas.Rectangle {
	for _, s := range l.slots {
		if s.row == row && s.back.Visible() {
			return s.back
		}
	}
	return nil
}

// clock is a clock to be set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// bigTable is a table of n rows that counts how often it is asked.
type bigTable struct {
	n, asked int
	text     func(row, col int) string
}

func (b *bigTable) Len() int { return b.n }

func (b *bigTable) Cells(row int, out []Cell) {
	b.asked++
	for i := range out {
		if b.text != nil {
			out[i].Text = b.text(row, i)
		} else {
			out[i].Text = fmt.Sprintf("%d.%d", row, i)
		}
	}
}
