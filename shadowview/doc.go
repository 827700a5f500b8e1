// Package shadowview draws the reported/desired editor: the property grid with
// its editors, the activity list and the raw document. All rules live in
// package form; the widgets show it and call it. Everything here belongs on
// Fyne's goroutine and nothing blocks.
package shadowview

import (
	"crypto/rand"
	"time"

	"fyne.io/fyne/v2"

	"github.com/thingdesk/thingdesk/shadowview/form"
)

// Actions is what the editor asks of the program. The functions are called on
// Fyne's goroutine and must return at once; nil ones are left out.
type Actions struct {
	// Send publishes an update; the answer goes to Form.Accepted,
	// Form.Rejected or Form.SendFailed of the same Form.
	Send func(*form.Form, form.Update)
	// Reread asks for the shadow again.
	Reread func()
	// OpenHistory shows the past values of a property.
	OpenHistory func(path []string)
	// OpenActivity shows the message behind an activity line.
	OpenActivity func(form.Line)
	// SelectShadow is called when the user picks a shadow; "" is the classic
	// one.
	SelectShadow func(name string)
	// Menu returns what can be done with the shadow as a whole, made anew each
	// time it is opened; without it there is no button for it.
	Menu func() *fyne.Menu
	// Copy puts text on the clipboard.
	Copy func(text string)
	// Token makes a client token; random when nil.
	Token func() string
	// Now tells microseconds since 1970 UTC; the clock when nil.
	Now func() int64
}

// complete fills in what is nil.
func (a Actions) complete() Actions {
	if a.Send == nil {
		a.Send = func(*form.Form, form.Update) {}
	}
	if a.Reread == nil {
		a.Reread = func() {}
	}
	if a.Copy == nil {
		a.Copy = func(string) {}
	}
	if a.SelectShadow == nil {
		a.SelectShadow = func(string) {}
	}
	if a.Token == nil {
		a.Token = rand.Text
	}
	if a.Now == nil {
		a.Now = func() int64 { return time.Now().UnixMicro() }
	}
	return a
}
