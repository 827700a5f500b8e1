package look_test

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/thingdesk/thingdesk/ui/look"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// luminance is the relative luminance of WCAG 2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	lin := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

var modes = map[string]look.Mode{"light": look.Light, "dark": look.Dark}

// TestTextIsReadable counts the contrast of each text colour on each ground it
// is drawn on.
func TestTextIsReadable(t *testing.T) {
	t.Parallel()
	grounds := []fyne.ThemeColorName{
		theme.ColorNameBackground, theme.ColorNameHeaderBackground, theme.ColorNameInputBackground, theme.ColorNameMenuBackground,
		theme.ColorNameOverlayBackground, look.ColorRowHover, look.ColorRowSelected, look.ColorHighlight, look.ColorAdded, look.ColorRemoved,
	}
	texts := []fyne.ThemeColorName{
		theme.ColorNameForeground, theme.ColorNamePrimary, theme.ColorNameHyperlink, theme.ColorNameSuccess, theme.ColorNameWarning,
		theme.ColorNameError, look.ColorDim, look.ColorPending, look.ColorEdited, look.ColorJSONKey, look.ColorJSONString,
		look.ColorJSONNumber, look.ColorJSONLiteral,
	}
	type couple struct{ text, ground fyne.ThemeColorName }
	couples := []couple{
		{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground},
		{theme.ColorNamePlaceHolder, theme.ColorNameBackground},
		{theme.ColorNameForeground, theme.ColorNameButton},
		{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary},
		{theme.ColorNameForegroundOnSuccess, theme.ColorNameSuccess},
		{theme.ColorNameForegroundOnWarning, theme.ColorNameWarning},
		{theme.ColorNameForegroundOnError, theme.ColorNameError},
	}
	for _, ground := range grounds {
		for _, text := range texts {
			couples = append(couples, couple{text, ground})
		}
	}
	for name, mode := range modes {
		th := look.New(mode, 1)
		for _, c := range couples {
			if got := contrast(th.Color(c.text, 0), th.Color(c.ground, 0)); got < 4.5 {
				t.Errorf("%s: %s on %s has contrast %.2f, want 4.5", name, c.text, c.ground, got)
			}
		}
	}
}

func TestModeChoosesVariant(t *testing.T) {
	t.Parallel()
	light := look.New(look.Light, 1).Color(theme.ColorNameBackground, theme.VariantDark)
	dark := look.New(look.Dark, 1).Color(theme.ColorNameBackground, theme.VariantLight)
	if luminance(light) < 0.8 || luminance(dark) > 0.05 {
		t.Fatalf("forced light is %v, forced dark is %v", light, dark)
	}
	auto := look.New(look.Auto, 1)
	if got := auto.Color(theme.ColorNameBackground, theme.VariantLight); got != light {
		t.Errorf("auto in a light system is %v, want %v", got, light)
	}
	if got := auto.Color(theme.ColorNameBackground, theme.VariantDark); got != dark {
		t.Errorf("auto in a dark system is %v, want %v", got, dark)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scale float32
		name  fyne.ThemeSizeName
		want  float32
	}{
		"text":                {1, theme.SizeNameText, 13},
		"zero scale is one":   {0, theme.SizeNameText, 13},
		"text grows":          {1.5, theme.SizeNameText, 19.5},
		"text shrinks":        {0.8, theme.SizeNameText, 10.5},
		"too big is held":     {9, theme.SizeNameText, 19.5},
		"too small is held":   {0.1, theme.SizeNameText, 10.5},
		"padding stays":       {1.5, theme.SizeNamePadding, 3},
		"inner padding":       {1, theme.SizeNameInnerPadding, 5},
		"icons":               {1, theme.SizeNameInlineIcon, 18},
		"no blur":             {1, theme.SizeNameModalBlurRadius, 0},
		"others are Fyne's":   {1, theme.SizeNameSeparatorThickness, theme.DefaultTheme().Size(theme.SizeNameSeparatorThickness)},
		"split is Fyne's too": {1, theme.SizeNameSplitThickness, theme.DefaultTheme().Size(theme.SizeNameSplitThickness)},
	}
	for name, tt := range tests {
		if got := look.New(look.Auto, tt.scale).Size(tt.name); got != tt.want {
			t.Errorf("%s: size is %v, want %v", name, got, tt.want)
		}
	}
}

// TestWidgetsUseTheseColors holds the names of both packages together: neither
// may import the other.
func TestWidgetsUseTheseColors(t *testing.T) {
	t.Parallel()
	names := map[fyne.ThemeColorName]fyne.ThemeColorName{
		widgets.ColorDim: look.ColorDim, widgets.ColorRowHover: look.ColorRowHover, widgets.ColorRowSelected: look.ColorRowSelected,
		widgets.ColorHighlight: look.ColorHighlight, widgets.ColorAdded: look.ColorAdded, widgets.ColorRemoved: look.ColorRemoved,
		widgets.ColorJSONKey: look.ColorJSONKey, widgets.ColorJSONString: look.ColorJSONString,
		widgets.ColorJSONNumber: look.ColorJSONNumber, widgets.ColorJSONLiteral: look.ColorJSONLiteral,
	}
	for ours, theirs := range names {
		if !look.New(look.Auto, 1).HasColor(ours) {
			t.Errorf("look has no colour %q", ours)
		}
		if ours != theirs {
			t.Errorf("widgets call it %q, look calls it %q", ours, theirs)
		}
	}
}

func TestEveryFyneColorIsDefined(t *testing.T) {
	for name, mode := range modes {
		test.AssertAllColorNamesDefined(t, look.New(mode, 1), name)
	}
}
