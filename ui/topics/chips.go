package topics

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	model "github.com/thingdesk/thingdesk/ui/model/topics"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// chipRow shows chips side by side, on more lines when one is too narrow.
type chipRow struct {
	object *fyne.Container
	badges []*widgets.Badge
	shown  []model.Chip
}

func newChipRow() *chipRow { return &chipRow{object: container.New(&flow{})} }

// set shows the chips; it touches only those that changed.
func (r *chipRow) set(chips []model.Chip) {
	moved := len(chips) != len(r.shown)
	for i, c := range chips {
		if i == len(r.badges) {
			b := widgets.NewBadge()
			r.badges = append(r.badges, b)
			r.object.Add(b)
		}
		if i < len(r.shown) && r.shown[i] == c {
			continue
		}
		width := r.badges[i].MinSize().Width
		mark, tone := chipLook(c.Kind)
		r.badges[i].Set(mark, c.Text, tone)
		r.badges[i].Show()
		moved = moved || r.badges[i].MinSize().Width != width
	}
	for i := len(chips); i < len(r.badges); i++ {
		r.badges[i].Hide()
	}
	r.shown = chips
	if moved {
		r.object.Refresh()
	}
}

func chipLook(k model.ChipKind) (mark string, tone widgets.Tone) {
	switch k {
	case model.ChipRetained:
		return "R", widgets.ToneAccent
	case model.ChipRate:
		return "", widgets.ToneGood
	case model.ChipQoS, model.ChipSize, model.ChipTime:
		return "", widgets.ToneNormal
	default:
		return "", widgets.ToneDim
	}
}

// flow lays objects out from left to right in as many lines as needed.
type flow struct{ width, height float32 }

// Layout implements fyne.Layout.
func (f *flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	f.height = f.place(objects, size.Width, func(o fyne.CanvasObject, at fyne.Position) {
		o.Move(at)
		o.Resize(o.MinSize())
	})
}

// MinSize implements fyne.Layout: as high as the last width makes it.
func (f *flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, f.place(objects, f.width, func(fyne.CanvasObject, fyne.Position) {}))
}

func (f *flow) place(objects []fyne.CanvasObject, width float32, put func(fyne.CanvasObject, fyne.Position)) float32 {
	gap := theme.Padding()
	x, y, line := gap, float32(0), float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		size := o.MinSize()
		if x > gap && width > 0 && x+size.Width > width {
			x, y, line = gap, y+line+gap, 0
		}
		put(o, fyne.NewPos(x, y))
		x += size.Width + gap
		line = max(line, size.Height)
	}
	return y + line
}
