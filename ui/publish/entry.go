package publish

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	model "github.com/thingdesk/thingdesk/ui/model/publish"
)

// entry is a text entry in which Ctrl+Enter sends and Escape closes the drawer,
// and which lets the window have the shortcuts that are not its own.
type entry struct {
	widget.Entry

	send, close func()
	// paste is offered text too large for the entry; it returns whether it kept
	// it. pasted is called afterwards. Both may be nil.
	paste  func(text string) (kept bool)
	pasted func()
}

func newEntry(multiLine bool, send, closed func()) *entry {
	e := &entry{send: send, close: closed}
	e.MultiLine = multiLine
	e.Wrapping = fyne.TextWrapOff
	if multiLine {
		e.TextStyle.Monospace = true
		e.Scroll = fyne.ScrollBoth
	}
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey handles Escape; all else is the entry's.
func (e *entry) TypedKey(key *fyne.KeyEvent) {
	if key.Name == fyne.KeyEscape {
		e.close()
		return
	}
	e.Entry.TypedKey(key)
}

// TypedShortcut handles Ctrl+Enter and large pastes; shortcuts that the entry
// does not know go to the window.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *desktop.CustomShortcut:
		switch s.KeyName {
		case fyne.KeyReturn, fyne.KeyEnter:
			if s.Modifier == fyne.KeyModifierShortcutDefault {
				e.send()
				return
			}
		case fyne.KeyLeft, fyne.KeyRight: // by words
			e.Entry.TypedShortcut(s)
			return
		default:
		}
		if c, ok := fyne.CurrentApp().Driver().CanvasForObject(e).(fyne.Shortcutable); ok {
			c.TypedShortcut(s)
		}
		return
	case *fyne.ShortcutPaste:
		if text := s.Clipboard.Content(); e.paste != nil && len(text)+len(e.Text) > model.EditorLimit {
			e.pasteLarge(text)
			return
		}
	}
	e.Entry.TypedShortcut(s)
}

// pasteLarge gives text to the view-model instead of the entry, which would
// become slow. Text already typed is replaced only when it was selected or
// there is none; otherwise nothing happens but the model's remark.
func (e *entry) pasteLarge(text string) {
	if e.Text == "" || e.SelectedText() == e.Text {
		if e.paste(text) {
			e.pasted()
			return
		}
	}
	e.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: held(text)})
}

// held is a clipboard that holds one text.
type held string

// Content returns the text.
func (h held) Content() string { return string(h) }

// SetContent does nothing.
func (h held) SetContent(string) {}
