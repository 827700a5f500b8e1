package ui

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/thingdesk/thingdesk/ui/look"
	"github.com/thingdesk/thingdesk/ui/model/navigator"
)

// settingKey is where the window's layout is kept.
const settingKey = "window"

// layoutState is what the window remembers from one start to the next.
type layoutState struct {
	Width    float32                    `json:"width"`
	Height   float32                    `json:"height"`
	Split    float64                    `json:"split"`
	Drawer   float64                    `json:"drawer"`
	Publish  bool                       `json:"publish"`
	Theme    string                     `json:"theme"`
	Scale    float32                    `json:"scale"`
	Open     []string                   `json:"open"`
	Selected string                     `json:"selected"`
	Recent   json.RawMessage            `json:"recent,omitempty"`
	Edits    map[string]json.RawMessage `json:"edits,omitempty"`
	Welcomed bool                       `json:"welcomed"`
}

func defaultLayout() layoutState {
	return layoutState{Width: 1280, Height: 800, Split: 0.27, Drawer: 0.62, Theme: "auto", Scale: 1}
}

// readLayout reads the remembered layout; anything odd is replaced by the
// default.
func readLayout(text string) layoutState {
	l := defaultLayout()
	if text == "" || json.Unmarshal([]byte(text), &l) != nil {
		return defaultLayout()
	}
	d := defaultLayout()
	if l.Width < 640 || l.Width > 10_000 || l.Height < 400 || l.Height > 10_000 {
		l.Width, l.Height = d.Width, d.Height
	}
	if l.Split < 0.05 || l.Split > 0.8 {
		l.Split = d.Split
	}
	if l.Drawer < 0.1 || l.Drawer > 0.95 {
		l.Drawer = d.Drawer
	}
	if l.Scale < look.MinScale || l.Scale > look.MaxScale {
		l.Scale = d.Scale
	}
	return l
}

func modeOf(name string) look.Mode {
	switch name {
	case "light":
		return look.Light
	case "dark":
		return look.Dark
	default:
		return look.Auto
	}
}

// layoutText is everything the window wants to find again, as it is kept.
func (w *Window) layoutText() string {
	l := w.currentLayout()
	w.workspace.keep(&l)
	b, err := json.Marshal(l)
	if err != nil {
		w.log.Warn("write window layout", "error", err)
		return w.saved
	}
	return string(b)
}

// autosaveEvery is how many samples pass between two looks whether the layout
// changed. What is typed and not sent is part of it: a crash loses no more.
const autosaveEvery = 50

func (w *Window) autosave() {
	text := w.layoutText()
	if text == w.saved {
		return
	}
	w.saved = text
	w.loop.async(func(ctx context.Context) { w.saveLayout(ctx, text) }, nil)
}

// saveMost bounds the writing of the layout.
const saveMost = 5 * time.Second

// saveLayout keeps the layout, on the calling goroutine.
func (w *Window) saveLayout(ctx context.Context, text string) {
	ctx, cancel := context.WithTimeout(ctx, saveMost)
	defer cancel()
	if err := w.bench.SetSetting(ctx, settingKey, text); err != nil {
		w.log.WarnContext(ctx, "keep window layout", "error", err)
	}
}

// currentLayout reads the layout off the widgets, on Fyne's goroutine.
func (w *Window) currentLayout() layoutState {
	l := w.layout
	if size := w.win.Canvas().Size(); size.Width > 0 && !w.win.FullScreen() {
		l.Width, l.Height = size.Width, size.Height
	}
	l.Split = w.split.Offset
	if w.workspace.drawerOpen() {
		l.Drawer = w.workspace.drawer.Offset
	}
	l.Publish = w.workspace.drawerOpen()
	l.Open = w.tree.OpenKeys()
	if ref, ok := w.tree.Selected(); ok {
		l.Selected = ref.Key()
	}
	return l
}

// setTheme switches to "auto", "light" or "dark" at a text scale.
func (w *Window) setTheme(name string, scale float32) {
	w.layout.Theme, w.layout.Scale = strings.ToLower(name), min(look.MaxScale, max(look.MinScale, scale))
	w.app.Settings().SetTheme(look.New(modeOf(w.layout.Theme), w.layout.Scale))
}

func (w *Window) restoreTree() {
	w.tree.SetOpenKeys(w.layout.Open)
	if ref, ok := navigator.ParseKey(w.layout.Selected); ok {
		w.tree.Select(ref)
	}
}
