package widgets

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func benchShow(b *testing.B, o fyne.CanvasObject) {
	b.Helper()
	app := test.NewApp()
	b.Cleanup(app.Quit)
	win := app.NewWindow("")
	win.SetContent(o)
	win.Resize(fyne.NewSize(1000, 50*25))
	b.ReportAllocs()
	b.ResetTimer()
}

// liveTree has a million rows whose values change with each tick.
type liveTree struct{ tick int }

func (l *liveTree) Len() int { return million }

func (l *liveTree) Row(i int) TreeRow {
	return TreeRow{Depth: i % 5, Branch: i%5 == 0, Mark: "●", Text: "machine", Value: fmt.Sprint(l.tick, ".", i%50), Note: "12/s"}
}

func BenchmarkTreeRefreshSame(b *testing.B) {
	tree := NewTree(&liveTree{})
	benchShow(b, tree)
	for b.Loop() {
		tree.Refresh()
	}
}

func BenchmarkTreeRefreshAllValuesNew(b *testing.B) {
	src := &liveTree{}
	tree := NewTree(src)
	benchShow(b, tree)
	for b.Loop() {
		src.tick++
		tree.Refresh()
	}
}

func BenchmarkTableJump(b *testing.B) {
	tab := NewTable([]Column{{Width: 100}, {Width: 80}, {}, {}, {}, {}}, &bigTable{n: 100 * million})
	benchShow(b, tab)
	for i := 0; b.Loop(); i++ {
		tab.ScrollTo(i * 7919 % (100 * million))
	}
}

func BenchmarkCodeViewSetText(b *testing.B) {
	one := strings.Repeat(`{"temperature": 21.5, "unit": "C", "ok": true},`+"\n", 22_000) // 1 MB
	two := one + " "
	v := NewCodeView()
	benchShow(b, v)
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			v.SetText(one, JSON)
		} else {
			v.SetText(two, JSON)
		}
	}
}
