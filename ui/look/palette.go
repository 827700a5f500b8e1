package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// The theme's own colour names, beside Fyne's. ui/widgets knows those it needs
// by the same words.
const (
	ColorDim         fyne.ThemeColorName = "dim"         // secondary text
	ColorPending     fyne.ThemeColorName = "pending"     // desired differs from reported
	ColorEdited      fyne.ThemeColorName = "edited"      // unsent edit
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

// pair is a colour in light and dark.
type pair struct{ light, dark color.NRGBA }

// rgb is an opaque colour written as 0xrrggbb.
func rgb(v uint32) color.NRGBA { return rgba(v, 0xff) }

func rgba(v uint32, a uint8) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: a}
}

const (
	accentLight = 0x1b62c4
	accentDark  = 0x6aa9f7
)

var accent = pair{rgb(accentLight), rgb(accentDark)}

// palette is every colour that a screen of ours shows. Text on any ground of
// ours has a contrast of at least 4.5 (WCAG AA); the test counts.
var palette = map[fyne.ThemeColorName]pair{
	theme.ColorNameBackground:        {rgb(0xf7f8fa), rgb(0x1b1e23)},
	theme.ColorNameForeground:        {rgb(0x1c2128), rgb(0xe3e6ea)},
	theme.ColorNameHeaderBackground:  {rgb(0xebeef2), rgb(0x252a31)},
	theme.ColorNameInputBackground:   {rgb(0xffffff), rgb(0x14171b)},
	theme.ColorNameInputBorder:       {rgb(0xb4bcc7), rgb(0x4a525d)},
	theme.ColorNameButton:            {rgb(0xe4e8ed), rgb(0x30363e)},
	theme.ColorNameDisabledButton:    {rgb(0xeef0f3), rgb(0x262a31)},
	theme.ColorNameDisabled:          {rgb(0x949da9), rgb(0x68717c)},
	theme.ColorNameMenuBackground:    {rgb(0xffffff), rgb(0x262b32)},
	theme.ColorNameOverlayBackground: {rgb(0xffffff), rgb(0x22262c)},
	theme.ColorNamePlaceHolder:       {rgb(0x5b6572), rgb(0x9aa4b0)},
	theme.ColorNameSeparator:         {rgb(0xd5dae1), rgb(0x383e47)},
	theme.ColorNameShadow:            {rgba(0x000000, 0x33), rgba(0x000000, 0x88)},
	theme.ColorNameScrollBar:         {rgb(0x9aa4b1), rgb(0x6b7582)},
	theme.ColorNameScrollBarBackground: {
		rgba(0x000000, 0x08), rgba(0xffffff, 0x08),
	},

	theme.ColorNamePrimary:             accent,
	theme.ColorNameHyperlink:           accent,
	theme.ColorNameFocus:               {rgba(accentLight, 0x4d), rgba(accentDark, 0x4d)},
	theme.ColorNameSelection:           {rgba(accentLight, 0x38), rgba(accentDark, 0x40)},
	theme.ColorNameHover:               {rgba(0x000000, 0x0f), rgba(0xffffff, 0x12)},
	theme.ColorNamePressed:             {rgba(0x000000, 0x22), rgba(0xffffff, 0x24)},
	theme.ColorNameForegroundOnPrimary: {rgb(0xffffff), rgb(0x0d1724)},

	theme.ColorNameSuccess:             {rgb(0x18703a), rgb(0x56c271)},
	theme.ColorNameWarning:             {rgb(0x8a5500), rgb(0xe3ab4a)},
	theme.ColorNameError:               {rgb(0xbb271c), rgb(0xff8279)},
	theme.ColorNameForegroundOnSuccess: {rgb(0xffffff), rgb(0x0c1a10)},
	theme.ColorNameForegroundOnWarning: {rgb(0xffffff), rgb(0x1f1503)},
	theme.ColorNameForegroundOnError:   {rgb(0xffffff), rgb(0x240a08)},

	ColorDim:         {rgb(0x56606d), rgb(0x9ea8b4)},
	ColorPending:     {rgb(0x8a5500), rgb(0xe3ab4a)},
	ColorEdited:      accent,
	ColorRowHover:    {rgb(0xeceff4), rgb(0x252a31)},
	ColorRowSelected: {rgb(0xd9e7fb), rgb(0x243a57)},
	ColorHighlight:   {rgb(0xfdf1d3), rgb(0x363123)},
	ColorAdded:       {rgb(0xdff3e4), rgb(0x1c3325)},
	ColorRemoved:     {rgb(0xfce4e2), rgb(0x3d2323)},
	ColorJSONKey:     {rgb(0x1b559e), rgb(0x83b8f5)},
	ColorJSONString:  {rgb(0x1f6b3a), rgb(0x7fcb92)},
	ColorJSONNumber:  {rgb(0x8f4a08), rgb(0xe5b06a)},
	ColorJSONLiteral: {rgb(0x7a3aa8), rgb(0xc79bf0)},
}
