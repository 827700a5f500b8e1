package widgets

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
)

// rows is a fixed list of rows.
type rows struct {
	list  []TreeRow
	asked int
}

func (r *rows) Len() int { return len(r.list) }

func (r *rows) Row(i int) TreeRow {
	r.asked++
	return r.list[i]
}

func house() *rows {
	return &rows{list: []TreeRow{
		{Branch: true, Open: true, Text: "broker", Mark: "●", MarkTone: ToneGood, Note: "12/s"},
		{Depth: 1, Branch: true, Open: true, Text: "floor"},
		{Depth: 2, Text: "a", Value: "1"},
		{Depth: 2, Text: "b", Value: "2"},
		{Depth: 1, Branch: true, Text: "closed"},
		{Branch: true, Open: true, Text: "empty"},
		{Text: "last"},
	}}
}

func TestTreeDrawsItsRows(t *testing.T) {
	tree := NewTree(house())
	show(t, tree, 300, 300)
	want := map[int]string{
		0: "▾|●|12/s|broker|", 1: "▾|||floor|", 2: "|||a|1", 3: "|||b|2", 4: "▸|||closed|", 5: "▾|||empty|", 6: "|||last|",
	}
	if diff := cmp.Diff(want, shown(&tree.list)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestTreeKeepsTextsApart(t *testing.T) {
	src := house()
	long := "a long text that does not fit into the row of a tree by far"
	src.list[2] = TreeRow{Depth: 2, Text: long, Value: long, Note: long}
	src.list[3] = TreeRow{Depth: 2000, Text: long}
	src.list[4] = TreeRow{Depth: 2, Mark: "●●", Text: "short", Value: long, Note: "9"}
	tree := NewTree(src)
	for _, width := range []float32{110, 200, 300, 700} {
		show(t, tree, width, 300)
		for _, s := range tree.slots {
			if s.row < 0 {
				continue
			}
			const note = 2
			var end float32
			for i, c := range s.cells[:s.used] {
				if c.obj.Text == "" || i == note {
					continue
				}
				x, w := c.obj.Position().X, c.obj.MinSize().Width
				if x < end {
					t.Errorf("width %v, row %d: %q begins at %v, over what ends at %v", width, s.row, c.obj.Text, x, end)
				}
				end = x + w
			}
			right := tree.contentWidth()
			if n := s.cells[note]; n.obj.Text != "" {
				right = n.obj.Position().X + n.obj.Size().Width - n.obj.MinSize().Width
			}
			if end > right+1 {
				t.Errorf("width %v, row %d: the text ends at %v, the note begins at %v", width, s.row, end, right)
			}
		}
	}
}

func TestTreeLeftAndRight(t *testing.T) {
	src := house()
	tree := NewTree(src)
	var events []string
	tree.OnSelected = func(row int) { events = append(events, fmt.Sprint("select ", row)) }
	tree.OnToggle = func(row int) { events = append(events, fmt.Sprint("toggle ", row)) }
	show(t, tree, 300, 300)
	tests := map[string]struct {
		from int
		key  fyne.KeyName
		want []string
	}{
		"left on a leaf goes to its parent":         {3, fyne.KeyLeft, []string{"select 1"}},
		"left on an open branch closes it":          {1, fyne.KeyLeft, []string{"toggle 1"}},
		"left on a closed branch goes to parent":    {4, fyne.KeyLeft, []string{"select 0"}},
		"left at the root does nothing":             {6, fyne.KeyLeft, nil},
		"right on a closed branch opens it":         {4, fyne.KeyRight, []string{"toggle 4"}},
		"right on an open branch goes to its child": {1, fyne.KeyRight, []string{"select 2"}},
		"right on an open, empty branch stays":      {5, fyne.KeyRight, nil},
		"right on a leaf does nothing":              {2, fyne.KeyRight, nil},
		"left without a selection":                  {-1, fyne.KeyLeft, nil},
		"right without a selection":                 {-1, fyne.KeyRight, nil},
	}
	for name, tt := range tests {
		events = nil
		tree.Select(tt.from)
		press(tree, tt.key)
		if diff := cmp.Diff(tt.want, events); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTreeTriangleTogglesAndDoesNotSelect(t *testing.T) {
	tree := NewTree(house())
	var events []string
	tree.OnSelected = func(row int) { events = append(events, fmt.Sprint("select ", row)) }
	tree.OnActivated = func(row int) { events = append(events, fmt.Sprint("activate ", row)) }
	tree.OnToggle = func(row int) { events = append(events, fmt.Sprint("toggle ", row)) }
	c := show(t, tree, 300, 300)
	at := rowMiddle(t, &tree.list, 1)
	at.X = tree.indent(1) + 5
	test.TapCanvas(c, at)
	test.TapCanvas(c, at) // twice is no double click
	leaf := rowMiddle(t, &tree.list, 2)
	leaf.X = tree.indent(2) + 5 // a leaf has no triangle
	test.TapCanvas(c, leaf)
	want := []string{"toggle 1", "toggle 1", "select 2"}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestTreeTypingAndDelete(t *testing.T) {
	tree := NewTree(house())
	var typed []rune
	deleted := -1
	tree.OnRune = func(r rune) { typed = append(typed, r) }
	tree.OnDelete = func(row int) { deleted = row }
	c := show(t, tree, 300, 300)
	c.Focus(tree)
	test.Type(tree, "aß")
	tree.Select(2)
	press(tree, fyne.KeyDelete)
	if string(typed) != "aß" || deleted != 2 {
		t.Errorf("typed %q, deleted %d", string(typed), deleted)
	}
	c.Unfocus()
	if tree.HasFocus() || tree.ring.Visible() {
		t.Error("the ring stays without the focus")
	}
}

func TestTreeMarkDoesNotScroll(t *testing.T) {
	src := &rows{}
	for i := range 1000 {
		src.list = append(src.list, TreeRow{Text: strconv.Itoa(i)})
	}
	tree := NewTree(src)
	show(t, tree, 300, 240)
	tree.Mark(900)
	if tree.FirstVisible() != 0 || tree.Selected() != 900 {
		t.Errorf("first %d, selected %d", tree.FirstVisible(), tree.Selected())
	}
	tree.Select(900)
	if tree.FirstVisible() != 891 {
		t.Errorf("after Select the first row is %d", tree.FirstVisible())
	}
	tree.Select(-1)
	tree.Mark(1000)
	if tree.Selected() != -1 {
		t.Errorf("selected %d, which is beyond the end", tree.Selected())
	}
	src.asked = 0
	tree.Refresh()
	if src.asked > 12 {
		t.Errorf("refresh asked for %d rows", src.asked)
	}
}

func TestTreeHighlightsAndUnhighlights(t *testing.T) {
	src := house()
	tree := NewTree(src)
	show(t, tree, 300, 300)
	src.list[3].Highlight = true
	tree.Refresh()
	if b := visibleBack(&tree.list, 3); b == nil || b.FillColor != tree.colors.highlight {
		t.Error("the row is not tinted")
	}
	src.list[3].Highlight = false
	tree.Refresh()
	if visibleBack(&tree.list, 3) != nil {
		t.Error("the tint stays")
	}
}

// TestRefreshTouchesOnlyWhatChanged counts the texts Fyne is asked to draw
// anew: none when nothing changed, one when one value did.
func TestRefreshTouchesOnlyWhatChanged(t *testing.T) {
	src := house()
	tree := NewTree(src)
	show(t, tree, 300, 300)
	snapshot := func() []string {
		var all []string
		for _, s := range tree.slots {
			for _, c := range s.cells {
				all = append(all, fmt.Sprint(c.obj.Text, c.obj.Position(), c.obj.Size(), c.obj.Color))
			}
		}
		return all
	}
	objects := slices.Clone(tree.objects)
	before := snapshot()
	tree.Refresh()
	if diff := cmp.Diff(before, snapshot()); diff != "" {
		t.Errorf("a refresh without a change changed (-before +after):\n%s", diff)
	}
	src.list[2].Value = "7"
	tree.Refresh()
	changed := 0
	for i, s := range snapshot() {
		if s != before[i] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("one value changed %d texts", changed)
	}
	if !slices.Equal(objects, tree.objects) {
		t.Error("a refresh made new objects")
	}
	if n := testing.AllocsPerRun(20, tree.Refresh); n > 60 {
		t.Errorf("an idle refresh allocates %v times", n)
	}
}

func TestScrollingMakesNoObjects(t *testing.T) {
	tab := NewTable(threeColumns, &bigTable{n: million})
	show(t, tab, 600, 24*10+25)
	for i := range 40 { // until each row object was used
		tab.ScrollTo(i)
	}
	objects := slices.Clone(tab.objects)
	for i := range 50 {
		tab.ScrollTo(i * 997)
	}
	if !slices.Equal(objects, tab.objects) {
		t.Error("scrolling made new objects")
	}
}
