// Package look is the theme of the window: compact, one accent colour, light
// and dark.
package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Mode says whether the theme is light or dark.
type Mode uint8

// The modes.
const (
	Auto Mode = iota // as the system says
	Light
	Dark
)

// The bounds of the text scale.
const (
	MinScale float32 = 0.8
	MaxScale float32 = 1.5
)

// Theme is a fyne.Theme. It never changes and may be used from any goroutine.
type Theme struct {
	mode  Mode
	scale float32
}

var _ fyne.Theme = (*Theme)(nil)

// New returns the theme in mode, with texts and icons scaled by scale, which is
// held within MinScale and MaxScale; 0 is 1.
func New(mode Mode, scale float32) *Theme {
	if scale == 0 {
		scale = 1
	}
	return &Theme{mode: mode, scale: min(MaxScale, max(MinScale, scale))}
}

// Color implements fyne.Theme. It knows the names of this package besides
// Fyne's own.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch t.mode {
	case Light:
		variant = theme.VariantLight
	case Dark:
		variant = theme.VariantDark
	case Auto:
	}
	if p, ok := palette[name]; ok {
		if variant == theme.VariantLight {
			return p.light
		}
		return p.dark
	}
	return theme.DefaultTheme().Color(name, variant)
}

// HasColor reports whether the theme has a colour of its own for name. The
// widgets ask it about names that Fyne does not know.
func (t *Theme) HasColor(name fyne.ThemeColorName) bool {
	_, ok := palette[name]
	return ok
}

// Font implements fyne.Theme: the fonts that come with Fyne.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource {
	return theme.DefaultTheme().Font(style)
}

// Icon implements fyne.Theme: the icons that come with Fyne.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return theme.DefaultTheme().Icon(name)
}

// scaled are the sizes that grow with the text.
var scaled = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText:           13,
	theme.SizeNameCaptionText:    11,
	theme.SizeNameSubHeadingText: 15,
	theme.SizeNameHeadingText:    19,
	theme.SizeNameInlineIcon:     18,
}

// fixed are the sizes that stay.
var fixed = map[fyne.ThemeSizeName]float32{
	theme.SizeNamePadding:         3,
	theme.SizeNameInnerPadding:    5,
	theme.SizeNameLineSpacing:     3,
	theme.SizeNameScrollBar:       10,
	theme.SizeNameScrollBarSmall:  4,
	theme.SizeNameScrollBarRadius: 4,
	theme.SizeNameInputRadius:     4,
	theme.SizeNameButtonRadius:    4,
	theme.SizeNameSelectionRadius: 3,
	theme.SizeNameDialogRadius:    6,
	// Blurring what lies under a dialog costs more than all the rest of the
	// window when that repaints ten times a second.
	theme.SizeNameModalBlurRadius: 0,
}

// Size implements fyne.Theme.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	if s, ok := scaled[name]; ok {
		return float32(int(s*t.scale*2+0.5)) / 2 // to half points, so that fewer sizes are cached
	}
	if s, ok := fixed[name]; ok {
		return s
	}
	return theme.DefaultTheme().Size(name)
}
