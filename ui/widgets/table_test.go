package widgets

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
)

var threeColumns = []Column{{Title: "One", Width: 100}, {Title: "Two"}, {Title: "Three", Width: 90, Right: true}}

const million = 1_000_000

func TestTableShowsExactRowsAnywhere(t *testing.T) {
	src := &bigTable{n: 100 * million}
	tab := NewTable(threeColumns, src)
	show(t, tab, 600, 24*10+25)
	for _, row := range []int{0, 1, 430_001, 16_777_217, 50_000_000, 99_999_999, 12_345_678} {
		tab.ScrollTo(row)
		want := fmt.Sprintf("%d.0|%d.1|%d.2", row, row, row)
		if got := shown(&tab.list)[row]; got != want {
			t.Errorf("row %d shows %q, want %q", row, got, want)
		}
		for other, got := range shown(&tab.list) {
			if !strings.HasPrefix(got, fmt.Sprint(other, ".0|")) {
				t.Errorf("row %d shows %q", other, got)
			}
		}
	}
	tab.ScrollTo(50_000_000)
	before := tab.top
	test.Scroll(fyne.CurrentApp().Driver().CanvasForObject(tab), fyne.NewPos(50, 100), 0, -48)
	if got := tab.top - before; got != 2 {
		t.Errorf("a wheel step of 48 px moved %v rows, want 2", got)
	}
}

func TestTableAsksForVisibleRowsOnly(t *testing.T) {
	for _, n := range []int{100, 100 * million} {
		src := &bigTable{n: n}
		tab := NewTable(threeColumns, src)
		show(t, tab, 600, 24*10+25)
		for _, row := range []int{0, n / 2, n - 1} {
			tab.ScrollTo(row)
			src.asked = 0
			tab.Refresh()
			if src.asked < 10 || src.asked > 12 {
				t.Errorf("%d rows, at %d: refresh asked for %d rows, want those in sight (10 to 12)", n, row, src.asked)
			}
		}
	}
}

func TestTableAsksNothingWhileItHasNoSize(t *testing.T) {
	test.NewTempApp(t)
	src := &bigTable{n: million}
	tab := NewTable(threeColumns, src)
	tab.Refresh()
	if src.asked != 0 {
		t.Errorf("asked for %d rows", src.asked)
	}
	if tab.FirstVisible() != 0 || tab.VisibleRows() != 1 {
		t.Errorf("first %d, visible %d", tab.FirstVisible(), tab.VisibleRows())
	}
}

func TestTableKeys(t *testing.T) {
	src := &bigTable{n: 1000}
	tab := NewTable(threeColumns, src)
	var told []int
	tab.OnSelected = func(row int) { told = append(told, row) }
	activated, deleted := -1, -1
	tab.OnActivated = func(row int) { activated = row }
	tab.OnDelete = func(row int) { deleted = row }
	show(t, tab, 600, 24*10+25)

	press(tab, fyne.KeyDelete, fyne.KeyReturn) // nothing is selected
	if activated != -1 || deleted != -1 {
		t.Errorf("without a selection: activated %d, deleted %d", activated, deleted)
	}
	press(tab, fyne.KeyDown, fyne.KeyDown, fyne.KeyPageDown, fyne.KeyUp, fyne.KeyEnd, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyHome, fyne.KeyUp)
	want := []int{0, 1, 10, 9, 999, 990, 0}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("selected (-want +got):\n%s", diff)
	}
	press(tab, fyne.KeyEnd, fyne.KeyReturn, fyne.KeyDelete)
	if activated != 999 || deleted != 999 {
		t.Errorf("at the end: activated %d, deleted %d", activated, deleted)
	}
	if tab.FirstVisible() != 990 || tab.VisibleRows() != 10 {
		t.Errorf("first %d, visible %d: the last row is not wholly in sight", tab.FirstVisible(), tab.VisibleRows())
	}
}

func TestTableMouse(t *testing.T) {
	src := &bigTable{n: 1000}
	tab := NewTable(threeColumns, src)
	clk := &clock{at: time.Unix(0, 0)}
	tab.input.now = clk.now
	var events []string
	tab.OnSelected = func(row int) { events = append(events, fmt.Sprint("select ", row)) }
	tab.OnActivated = func(row int) { events = append(events, fmt.Sprint("activate ", row)) }
	tab.OnHeader = func(col int) { events = append(events, fmt.Sprint("header ", col)) }
	tab.OnSecondary = func(row int, at fyne.Position) { events = append(events, fmt.Sprint("menu ", row, " ", at)) }
	c := show(t, tab, 600, 24*10+25)

	at := rowMiddle(t, &tab.list, 3)
	test.TapCanvas(c, at)
	if c.Focused() != fyne.Focusable(tab) || !tab.HasFocus() || !tab.ring.Visible() {
		t.Error("a tap does not give the table the focus and its ring")
	}
	clk.at = clk.at.Add(time.Hour)
	test.TapCanvas(c, at) // late: selects again
	clk.at = clk.at.Add(100 * time.Millisecond)
	test.TapCanvas(c, at) // double
	clk.at = clk.at.Add(100 * time.Millisecond)
	test.TapCanvas(c, at) // a third is a first
	tab.TappedSecondary(&fyne.PointEvent{Position: rowMiddle(t, &tab.list, 5), AbsolutePosition: fyne.NewPos(7, 8)})
	test.TapCanvas(c, fyne.NewPos(150, 10))
	// On the desktop the press selects, and the tap that follows is no second one.
	down := &desktop.MouseEvent{Button: desktop.MouseButtonPrimary}
	down.Position = rowMiddle(t, &tab.list, 6)
	tab.MouseDown(down)
	tab.MouseUp(down)
	tab.Tapped(&down.PointEvent)

	want := []string{"select 3", "select 3", "activate 3", "select 3", "menu 5 {7 8}", "header 1", "select 6"}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if tab.Selected() != 6 || visibleBack(&tab.list, 6) == nil || visibleBack(&tab.list, 3) != nil {
		t.Errorf("selected %d is not the one row with a ground", tab.Selected())
	}
}

func TestTableHoverTintsWithoutAsking(t *testing.T) {
	src := &bigTable{n: 1000}
	tab := NewTable(threeColumns, src)
	c := show(t, tab, 600, 24*10+25)
	src.asked = 0
	test.MoveMouse(c, rowMiddle(t, &tab.list, 4))
	if !tab.PointerInside() || visibleBack(&tab.list, 4) == nil {
		t.Error("the row under the pointer has no tint")
	}
	tab.ScrollTo(20) // eleven rows on: the pointer stays
	if visibleBack(&tab.list, 15) == nil || visibleBack(&tab.list, 4) != nil {
		t.Error("the tint does not stay under the pointer when the rows scroll")
	}
	src.asked = 0
	tab.MouseOut()
	if tab.PointerInside() || visibleBack(&tab.list, 15) != nil {
		t.Error("the tint stays when the pointer leaves")
	}
	tab.MouseIn(&desktop.MouseEvent{})
	if src.asked != 0 {
		t.Errorf("hovering asked for %d rows", src.asked)
	}
}

func TestTableScrollBar(t *testing.T) {
	src := &bigTable{n: 100 * million}
	tab := NewTable(threeColumns, src)
	scrolled := 0
	tab.OnScrolled = func() { scrolled++ }
	c := show(t, tab, 600, 24*10+25)
	bar := fyne.NewPos(597, 30)
	test.Drag(c, bar, 0, 1000)
	if got := tab.FirstVisible(); got != 100*million-10 {
		t.Errorf("dragged to the end, the first row is %d", got)
	}
	if _, ok := shown(&tab.list)[100*million-1]; !ok {
		t.Error("dragged to the end, the last row is not shown")
	}
	if tab.AtTop() || scrolled == 0 {
		t.Errorf("at top %v, told %d times", tab.AtTop(), scrolled)
	}
	test.TapCanvas(c, fyne.NewPos(597, 40)) // above the thumb: a page back
	if got := tab.FirstVisible(); got != 100*million-20 {
		t.Errorf("a page back, the first row is %d", got)
	}
	test.Drag(c, fyne.NewPos(597, 255), 0, -1000)
	if !tab.AtTop() {
		t.Errorf("dragged to the top, top is %v", tab.top)
	}
	if tab.Selected() != -1 {
		t.Error("the scroll bar selects rows")
	}
}

func TestTableColumnsShareTheWidth(t *testing.T) {
	tests := map[string]struct {
		widths []float32
		room   float32
		want   []float32
	}{
		"flexible takes the rest":      {[]float32{100, 0, 80}, 500, []float32{100, 320, 80}},
		"two flexible":                 {[]float32{100, 0, 0}, 500, []float32{100, 200, 200}},
		"none flexible":                {[]float32{100, 80}, 500, []float32{100, 80}},
		"too narrow shrinks the fixed": {[]float32{300, 0, 100}, 260, []float32{150, 60, 50}},
		"no room":                      {[]float32{100, 0}, 0, []float32{100, 60}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHeader()
			cols := make([]Column, len(tt.widths))
			for i, w := range tt.widths {
				cols[i].Width = w
			}
			h.setColumns(len(cols))
			h.share(cols, tt.room, 1)
			if diff := cmp.Diff(tt.want, h.width); diff != "" {
				t.Errorf("widths (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTableEdgesAreDragged(t *testing.T) {
	src := &bigTable{n: 10}
	tab := NewTable(threeColumns, src)
	var got []string
	tab.OnResized = func(col int, width float32) { got = append(got, fmt.Sprint(col, " ", width)) }
	tab.OnHeader = func(col int) { t.Errorf("dragging asks to sort by %d", col) }
	c := show(t, tab, 600, 300)
	test.Drag(c, fyne.NewPos(100, 10), 30, 0) // right of a fixed column
	edge := tab.head.x[2]
	test.Drag(c, fyne.NewPos(edge, 10), -20, 0) // between flexible and fixed: the fixed one grows
	test.Drag(c, fyne.NewPos(130, 10), -500, 0) // not below the least
	test.TapCanvas(c, fyne.NewPos(narrowestColumn, 10))
	want := []string{"0 130", "2 110", "0 28"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resized (-want +got):\n%s", diff)
	}
	cols := tab.Columns()
	if cols[0].Width != 28 || cols[1].Width != 0 || cols[2].Width != 110 {
		t.Errorf("columns are %v", cols)
	}
	if threeColumns[0].Width != 100 {
		t.Error("the caller's columns were changed")
	}
	test.MoveMouse(c, fyne.NewPos(tab.head.x[2], 10))
	if tab.Cursor() != desktop.HResizeCursor {
		t.Error("the pointer does not show that the edge can be dragged")
	}
	test.MoveMouse(c, fyne.NewPos(tab.head.x[2], 100))
	if tab.Cursor() != desktop.DefaultCursor {
		t.Error("the pointer shows an edge over the rows")
	}
}

func TestTableCutsTextAtItsColumn(t *testing.T) {
	long := strings.Repeat("wide text ", 1000)
	src := &bigTable{n: 3, text: func(row, col int) string {
		return []string{long, "line\nbreak\x00\ttab", "日本語 😀 \xff"}[(row+col)%3]
	}}
	tab := NewTable(threeColumns, src)
	show(t, tab, 600, 300)
	for _, s := range tab.slots {
		for i, c := range s.cells[:s.used] {
			if w := c.obj.MinSize().Width; w > tab.head.width[i] {
				t.Errorf("row %d column %d: text %q is %v wide, its column %v", s.row, i, c.obj.Text, w, tab.head.width[i])
			}
			if strings.ContainsAny(c.obj.Text, "\n\x00\t") {
				t.Errorf("row %d column %d shows control characters: %q", s.row, i, c.obj.Text)
			}
		}
	}
	if got := shown(&tab.list)[0]; !strings.Contains(got, "…|line↵break· tab|") {
		t.Errorf("row 0 shows %q", got)
	}
}

func TestTableKeepsSelectionAndPlace(t *testing.T) {
	src := &bigTable{n: 1000}
	tab := NewTable(threeColumns, src)
	c := show(t, tab, 600, 24*10+25)
	tab.OnSelected = func(row int) { t.Errorf("Select told the owner of %d", row) }
	tab.Select(500)
	if tab.Selected() != 500 || tab.FirstVisible() != 491 {
		t.Errorf("selected %d, first %d", tab.Selected(), tab.FirstVisible())
	}
	src.n += 7
	tab.Shift(7) // seven new ones above
	if tab.Selected() != 507 || tab.FirstVisible() != 498 {
		t.Errorf("after seven more above: selected %d, first %d", tab.Selected(), tab.FirstVisible())
	}
	tab.Resize(fyne.NewSize(600, 24*4+25))
	if tab.Selected() != 507 || tab.VisibleRows() != 4 {
		t.Errorf("after resizing: selected %d, %d rows fit", tab.Selected(), tab.VisibleRows())
	}
	tab.SetColumns([]Column{{Title: "Only"}})
	if got := shown(&tab.list)[498]; got != "498.0" {
		t.Errorf("after new columns row 498 shows %q", got)
	}
	src.n = 20
	tab.Refresh()
	if tab.Selected() != -1 || tab.FirstVisible() != 16 {
		t.Errorf("after shrinking: selected %d, first %d", tab.Selected(), tab.FirstVisible())
	}
	src.n = 0
	tab.Refresh()
	if got := shown(&tab.list); len(got) != 0 || !tab.AtTop() {
		t.Errorf("empty, it shows %v", got)
	}
	test.TapCanvas(c, fyne.NewPos(50, 60)) // nothing there
	press(tab, fyne.KeyDown, fyne.KeyEnd)
	tab.Unselect()
}

func TestTableSortSign(t *testing.T) {
	tab := NewTable(threeColumns, &bigTable{n: 1})
	show(t, tab, 600, 300)
	titles := func() string {
		var s []string
		for _, c := range tab.head.titles {
			s = append(s, c.obj.Text)
		}
		return strings.Join(s, "|")
	}
	tab.SetSort(0, true)
	if got := titles(); got != "One ▾|Two|Three" {
		t.Errorf("descending: %q", got)
	}
	tab.SetSort(1, false)
	if got := titles(); got != "One|Two ▴|Three" {
		t.Errorf("ascending: %q", got)
	}
	tab.SetSort(-1, false)
	if got := titles(); got != "One|Two|Three" {
		t.Errorf("unsorted: %q", got)
	}
}
