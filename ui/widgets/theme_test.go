package widgets

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// own is a theme that knows colours beyond Fyne's.
type own struct {
	fyne.Theme
	known color.Color
}

func (o own) HasColor(name fyne.ThemeColorName) bool { return name == ColorDim }

func (o own) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if name == ColorDim {
		return o.known
	}
	return o.Theme.Color(name, v)
}

func TestToneColor(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(theme.DefaultTheme())
	if got, want := ToneColor(ToneBad), theme.Color(theme.ColorNameError); got != want {
		t.Errorf("bad is %v, want %v", got, want)
	}
	if got, want := ToneColor(ToneDim), theme.Color(theme.ColorNamePlaceHolder); got != want {
		t.Errorf("without an own colour dim is %v, want %v", got, want)
	}
	if got, want := ToneColor(Tone(99)), ToneColor(ToneNormal); got != want {
		t.Errorf("an unknown tone is %v, want %v", got, want)
	}
	mine := color.NRGBA{1, 2, 3, 255}
	app.Settings().SetTheme(own{theme.DefaultTheme(), mine})
	if got := ToneColor(ToneDim); got != mine {
		t.Errorf("with an own colour dim is %v, want %v", got, mine)
	}
}

func TestThemeSwitchReachesEverything(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(plainTheme{theme.DefaultTheme(), 13})
	tree, tab, code, badge := NewTree(house()), NewTable(threeColumns, &bigTable{n: 100}), NewCodeView(), NewBadge()
	code.SetText("{}", JSON)
	badge.Set("✓", "in sync", ToneGood)
	tree.Select(2)
	caption := Caption("Messages")
	win := test.NewTempWindow(t, container.NewBorder(container.NewHBox(badge, caption), nil, nil, nil, container.NewGridWithColumns(3, tree, tab, code)))
	win.Resize(fyne.NewSize(1500, 300))
	small := badge.MinSize()
	rowsBefore := tab.VisibleRows()

	test.ApplyTheme(t, plainTheme{test.NewTheme(), 19.5})

	fg := theme.Color(theme.ColorNameForeground)
	for name, obj := range map[string]struct{ got, want color.Color }{
		"tree text":    {tree.slots[2].cells[3].obj.Color, fg},
		"table text":   {tab.slots[0].cells[0].obj.Color, fg},
		"table header": {tab.head.back.FillColor, theme.Color(theme.ColorNameHeaderBackground)},
		"code":         {code.slots[0].cells[0].obj.Color, fg},
		"badge":        {badge.word.Color, theme.Color(theme.ColorNameSuccess)},
		"selection":    {visibleBack(&tree.list, 2).FillColor, theme.Color(theme.ColorNameSelection)},
	} {
		if obj.got != obj.want {
			t.Errorf("%s is %v, want %v", name, obj.got, obj.want)
		}
	}
	if tree.slots[2].cells[3].obj.TextSize != 19.5 || tab.VisibleRows() >= rowsBefore || tree.rowH != 33 {
		t.Errorf("text size is %v, rows %d of %d, row height %v", tree.slots[2].cells[3].obj.TextSize, tab.VisibleRows(), rowsBefore, tree.rowH)
	}
	if got := tab.head.width[0]; got != 150 {
		t.Errorf("a column of 100 is %v wide at one and a half of the text size", got)
	}
	if tree.Selected() != 2 {
		t.Errorf("selected %d", tree.Selected())
	}
	if big := badge.MinSize(); big.Width <= small.Width || big.Height <= small.Height {
		t.Errorf("the badge stays %v", big)
	}
}

// TestWidgetsOutliveTheirRenderer: Fyne throws the renderer of a hidden widget
// away and asks for another.
func TestWidgetsOutliveTheirRenderer(t *testing.T) {
	tree := NewTree(house())
	show(t, tree, 300, 300)
	before := shown(&tree.list)
	tree.Hide()
	r := tree.CreateRenderer()
	tree.Show()
	r.Refresh()
	if got := shown(&tree.list); len(got) != len(before) || got[2] != before[2] || len(r.Objects()) != len(tree.objects) {
		t.Errorf("a new renderer shows %v, want %v", got, before)
	}
}

func TestBadge(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(plainTheme{test.NewTheme(), 13})
	b := NewBadge()
	win := test.NewTempWindow(t, container.NewHBox(b))
	win.Resize(fyne.NewSize(300, 60))
	if b.MinSize() != (fyne.Size{}) || b.back.Visible() {
		t.Errorf("an empty badge takes %v", b.MinSize())
	}
	b.Set("⟳", "pending 12 s", ToneWarn)
	if !b.back.Visible() || b.word.Color != theme.Color(theme.ColorNameWarning) {
		t.Error("the chip is not shown in its tone")
	}
	end := b.word.Position().X + b.word.MinSize().Width
	if begin := b.sign.Position().X + b.sign.MinSize().Width; begin > b.word.Position().X || end > b.MinSize().Width {
		t.Errorf("sign ends at %v, word goes from %v to %v in %v", begin, b.word.Position().X, end, b.MinSize().Width)
	}
	test.AssertRendersToMarkup(t, "badge.xml", win.Canvas())
	b.Set("", "", ToneNormal)
	if b.MinSize() != (fyne.Size{}) {
		t.Errorf("emptied, it takes %v", b.MinSize())
	}
}

func TestCaptionRuleFillsTheWidth(t *testing.T) {
	c, ok := Caption("Messages").(*caption)
	if !ok {
		t.Fatal("Caption is no caption")
	}
	show(t, c, 400, 30)
	if end := c.rule.Position().X + c.rule.Size().Width; end != 396 || c.rule.Position().X < c.text.MinSize().Width {
		t.Errorf("the rule goes from %v to %v", c.rule.Position().X, end)
	}
}
