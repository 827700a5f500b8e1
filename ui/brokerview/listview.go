package brokerview

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/ui/model"
	brokermodel "github.com/thingdesk/thingdesk/ui/model/brokerview"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// viewColumn is how a column of a list looks.
type viewColumn struct {
	width float32 // 0 shares what is left
	rank  int     // columns of a higher rank go first where there is no room
	left  bool    // left-aligned although it sorts as a number
}

// narrowest is what the column that shares what is left gets at least, before
// other columns go.
const narrowest = 120

// listView is a list of clients or sessions: filter, table, details of the
// selected row.
type listView[T any] struct {
	screen *Screen
	list   *brokermodel.List[T]
	object fyne.CanvasObject
	looks  []viewColumn
	cell   func(r *T, col int, now int64) widgets.Cell
	empty  func() string
	count  func() string

	filter *widget.Entry
	words  *widget.Label
	chip   *widget.Button
	hint   *widget.Label
	table  *widgets.Table
	detail *detail
	show   func() // shows the selected row in detail

	shown  []int // columns in the table
	width  float32
	scale  float32
	picked time.Time // when the user selected last
}

// listConfig is what tells the two lists apart.
type listConfig[T any] struct {
	list   *brokermodel.List[T]
	looks  []viewColumn
	cell   func(r *T, col int, now int64) widgets.Cell
	empty  func() string
	noun   string
	hint   string // in the filter
	beside fyne.CanvasObject
	detail *detail
}

func newListView[T any](s *Screen, c listConfig[T]) *listView[T] {
	v := &listView[T]{screen: s, list: c.list, looks: c.looks, cell: c.cell, empty: c.empty, detail: c.detail}
	v.filter = widget.NewEntry()
	v.filter.SetPlaceHolder(c.hint)
	v.filter.OnChanged = func(text string) {
		if text != v.list.Filter() {
			s.model.SetFilter(text)
			s.draw()
		}
	}
	v.count = func() string { return countWords(v.list.Len(), v.list.All(), c.noun) }
	v.words = widget.NewLabel("")
	v.words.Importance = widget.LowImportance
	v.table = widgets.NewTable(nil, v)
	v.table.OnSelected = func(row int) {
		v.picked = time.Now()
		s.model.Pick(row)
		s.draw()
	}
	v.table.OnHeader = func(col int) {
		s.model.SortBy(v.shown[col])
		s.draw()
	}
	v.table.OnResized = func(col int, width float32) { v.looks[v.shown[col]].width = width }
	v.chip = widget.NewButtonWithIcon("", theme.ViewRefreshIcon(), func() {
		s.model.Release()
		s.draw()
	})
	v.chip.Importance = widget.HighImportance
	v.chip.Hide()
	v.hint = hint()
	right := container.NewHBox(v.words)
	if c.beside != nil {
		right = container.NewHBox(c.beside, v.words)
	}
	bar := padded(container.NewBorder(nil, nil, nil, right, v.filter))
	rows := container.NewStack(container.New(fitting{v.fit}, v.table), container.New(inMiddle{}, v.hint), container.New(chipLayout{}, v.chip))
	split := container.NewVSplit(container.NewBorder(bar, nil, nil, nil, rows), c.detail.object)
	split.SetOffset(0.6)
	v.object = split
	v.fit(0)
	return v
}

// fitting lets a table know its width before it is drawn in it.
type fitting struct{ fit func(width float32) }

// MinSize implements fyne.Layout.
func (fitting) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// Layout implements fyne.Layout.
func (f fitting) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.fit(size.Width)
	objects[0].Resize(size)
}

// chipLayout puts the chip at the top, in the middle, below the header.
type chipLayout struct{}

// MinSize implements fyne.Layout.
func (chipLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Layout implements fyne.Layout.
func (chipLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(o.MinSize())
		o.Move(fyne.NewPos((size.Width-o.MinSize().Width)/2, 1.2*o.MinSize().Height))
	}
}

// columnTextSize is the text size that the widths of columns are meant for.
const columnTextSize = 13

// fit chooses the columns for which there is room, those of a low rank first.
func (v *listView[T]) fit(width float32) {
	scale := theme.TextSize() / columnTextSize
	if width == v.width && scale == v.scale && v.shown != nil {
		return
	}
	v.width, v.scale = width, scale
	most := 0
	for _, c := range v.looks {
		most = max(most, c.rank)
	}
	for ; most > 0; most-- {
		need := narrowest * scale
		for _, c := range v.looks {
			if c.rank <= most {
				need += c.width * scale
			}
		}
		if need <= width-theme.ScrollBarSize() {
			break
		}
	}
	var shown []int
	for i, c := range v.looks {
		if c.rank <= most {
			shown = append(shown, i)
		}
	}
	v.setColumns(shown)
}

func (v *listView[T]) setColumns(shown []int) {
	v.shown = shown
	all := v.list.Columns()
	cols := make([]widgets.Column, len(shown))
	for i, col := range shown {
		cols[i] = widgets.Column{Title: all[col].Title, Width: v.looks[col].width, Right: all[col].Numeric && !v.looks[col].left}
	}
	v.table.SetColumns(cols)
	v.sign()
}

// sign shows in the header what the list is sorted by.
func (v *listView[T]) sign() {
	col, descending := v.list.Sort()
	at := -1
	for i, c := range v.shown {
		if c == col {
			at = i
		}
	}
	v.table.SetSort(at, descending)
}

// stayFor is how long rows stay where they are after one was selected.
const stayFor = 3 * time.Second

// inUse tells whether the pointer or the keyboard is at work in the table.
func (v *listView[T]) inUse(now time.Time) bool {
	return v.table.PointerInside() || now.Sub(v.picked) < stayFor
}

func (v *listView[T]) draw() {
	v.sign()
	if row := v.list.SelectedRow(); !v.list.TakeJump() {
		v.table.Mark(row)
	} else if row >= 0 {
		v.table.Select(row)
	} else {
		v.table.Mark(-1)
		v.table.ScrollTo(0)
	}
	v.table.Refresh()
	if text := v.list.Filter(); v.filter.Text != text {
		v.filter.SetText(text)
	}
	widgets.SetText(v.words, v.count())
	widgets.SetText(v.hint, v.empty())
	widgets.Show(v.hint, v.hint.Text != "")
	if n := v.list.Fresh(); n > 0 {
		widgets.SetButton(v.chip, model.Count(n)+" new – show")
	}
	widgets.Show(v.chip, v.list.Fresh() > 0)
	v.show()
}

// Len implements widgets.TableSource.
func (v *listView[T]) Len() int { return v.list.Len() }

// Cells implements widgets.TableSource.
func (v *listView[T]) Cells(i int, out []widgets.Cell) {
	r, ok := v.list.Row(i)
	if !ok {
		return
	}
	now := v.screen.model.Now()
	for k, col := range v.shown {
		out[k] = v.cell(r, col, now)
	}
}

// countWords says how many of all are shown: "3 clients", "2 of 3 clients".
func countWords(shown, all int, noun string) string {
	if all != 1 {
		noun += "s"
	}
	if shown == all {
		return model.Count(all) + " " + noun
	}
	return model.Count(shown) + " of " + model.Count(all) + " " + noun
}

// quantity shows a number, dim when it is none.
func quantity[N int | int64 | uint64](n N) widgets.Cell {
	if n == 0 {
		return widgets.Cell{Text: "0", Tone: widgets.ToneDim}
	}
	return widgets.Cell{Text: model.Count(n)}
}

// loss shows a number that should be none.
func loss(n uint64) widgets.Cell {
	c := quantity(n)
	if n > 0 {
		c.Tone = widgets.ToneBad
	}
	return c
}

func size(n int64) widgets.Cell {
	if n == 0 {
		return widgets.Cell{Text: "0", Tone: widgets.ToneDim}
	}
	return widgets.Cell{Text: model.Bytes(n)}
}

func dim(text string) widgets.Cell { return widgets.Cell{Text: text, Tone: widgets.ToneDim} }
