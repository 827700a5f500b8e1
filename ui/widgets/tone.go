package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colour names of these widgets. They are asked for only of a theme that has a
// method HasColor and says that it knows them; of other themes the nearest of
// Fyne's own is taken.
const (
	ColorDim         fyne.ThemeColorName = "dim"         // secondary text
	ColorRowHover    fyne.ThemeColorName = "rowHover"    // row under the pointer
	ColorRowSelected fyne.ThemeColorName = "rowSelected" // selected row
	ColorHighlight   fyne.ThemeColorName = "highlight"   // row just updated
	ColorAdded       fyne.ThemeColorName = "added"       // added line of a diff
	ColorRemoved     fyne.ThemeColorName = "removed"     // removed line of a diff
	ColorJSONKey     fyne.ThemeColorName = "jsonKey"
	ColorJSONString  fyne.ThemeColorName = "jsonString"
	ColorJSONNumber  fyne.ThemeColorName = "jsonNumber"
	ColorJSONLiteral fyne.ThemeColorName = "jsonLiteral" // true, false, null
)

// toneNames maps a Tone to a colour name.
var toneNames = [...]fyne.ThemeColorName{
	ToneNormal: theme.ColorNameForeground,
	ToneDim:    ColorDim,
	ToneAccent: theme.ColorNamePrimary,
	ToneGood:   theme.ColorNameSuccess,
	ToneWarn:   theme.ColorNameWarning,
	ToneBad:    theme.ColorNameError,
}

// knower is a theme that knows colour names beyond Fyne's.
type knower interface {
	HasColor(name fyne.ThemeColorName) bool
}

// standIn is used when the theme does not know a colour name of ours.
var standIn = map[fyne.ThemeColorName]struct {
	name  fyne.ThemeColorName
	alpha uint8 // 0 keeps the colour as it is
}{
	ColorDim:         {theme.ColorNamePlaceHolder, 0},
	ColorRowHover:    {theme.ColorNameHover, 0},
	ColorRowSelected: {theme.ColorNameSelection, 0},
	ColorHighlight:   {theme.ColorNamePrimary, 0x22},
	ColorAdded:       {theme.ColorNameSuccess, 0x33},
	ColorRemoved:     {theme.ColorNameError, 0x33},
	ColorJSONKey:     {theme.ColorNamePrimary, 0},
	ColorJSONString:  {theme.ColorNameSuccess, 0},
	ColorJSONNumber:  {theme.ColorNameWarning, 0},
	ColorJSONLiteral: {theme.ColorNamePrimary, 0},
}

// ToneColor returns the colour of t in the current theme. An unknown tone is
// ToneNormal.
func ToneColor(t Tone) color.Color { return toneOf(theme.Current(), t) }

func toneOf(th fyne.Theme, t Tone) color.Color {
	if int(t) >= len(toneNames) {
		t = ToneNormal
	}
	return colorOf(th, toneNames[t])
}

// colorOf looks name up in th and never returns nil.
func colorOf(th fyne.Theme, name fyne.ThemeColorName) color.Color {
	variant := fyne.CurrentApp().Settings().ThemeVariant()
	other, own := standIn[name]
	if k, ok := th.(knower); own && ok && k.HasColor(name) {
		own = false
	}
	if !own {
		if c := th.Color(name, variant); c != nil {
			return c
		}
		return color.Transparent
	}
	c := th.Color(other.name, variant)
	if c == nil {
		return color.Transparent
	}
	if other.alpha != 0 {
		return faded(c, other.alpha)
	}
	return c
}

// faded returns c with alpha.
func faded(c color.Color, alpha uint8) color.Color {
	n, _ := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = alpha
	return n
}

// palette is the colours that every list needs, read once for each refresh.
type palette struct {
	tones                      [len(toneNames)]color.Color
	hover, selected, highlight color.Color
	header, line, thumb, focus color.Color
}

func paletteOf(th fyne.Theme) palette {
	p := palette{
		hover:     colorOf(th, ColorRowHover),
		selected:  colorOf(th, ColorRowSelected),
		highlight: colorOf(th, ColorHighlight),
		header:    colorOf(th, theme.ColorNameHeaderBackground),
		line:      colorOf(th, theme.ColorNameSeparator),
		thumb:     colorOf(th, theme.ColorNameScrollBar),
		focus:     colorOf(th, theme.ColorNamePrimary),
	}
	for t := range p.tones {
		p.tones[t] = toneOf(th, Tone(t))
	}
	return p
}

func (p *palette) tone(t Tone) color.Color {
	if int(t) >= len(p.tones) {
		t = ToneNormal
	}
	return p.tones[t]
}
