package shadowview

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"fyne.io/fyne/v2/widget"

	"github.com/thingdesk/thingdesk/shadowview/form"
	"github.com/thingdesk/thingdesk/ui/model"
	"github.com/thingdesk/thingdesk/ui/widgets"
)

// classic is what the classic shadow is called on screen, namedClassic a named
// one that is called so.
const (
	classic      = "classic"
	namedClassic = "classic (named)"
)

// tone maps a severity to the tone that shows it.
func tone(s form.Severity) widgets.Tone {
	switch s {
	case form.Good:
		return widgets.ToneGood
	case form.Own:
		return widgets.ToneAccent
	case form.Warning:
		return widgets.ToneWarn
	case form.Alarm:
		return widgets.ToneBad
	default:
		return widgets.ToneDim
	}
}

// importance maps a severity to that of a label.
func importance(s form.Severity) widget.Importance {
	switch s {
	case form.Good:
		return widget.SuccessImportance
	case form.Own:
		return widget.HighImportance
	case form.Warning:
		return widget.WarningImportance
	case form.Alarm:
		return widget.DangerImportance
	default:
		return widget.MediumImportance
	}
}

// marks are the signs of the states; the words say the same.
var marks = map[form.State]string{
	form.InSync: "✓", form.Pending: "⟳", form.DeviceOnly: "○", form.DesiredOnly: "◇", form.Edited: "✎",
	form.Sent: "→", form.Refused: "⚠", form.Conflict: "≠", form.NoAnswer: "?",
}

// chip returns sign and words for the state of a row.
func chip(r form.Row, now int64) (mark, text string) {
	mark, text = marks[r.State], r.State.String()
	switch {
	case r.Group && r.HasEdit:
	case r.Group:
		return groupChip(r)
	case r.Fault != "" && r.State != form.Conflict:
		return "⚠", "edited, faulty"
	case r.Clear && r.State == form.Edited:
		text = "to be removed"
	case r.State == form.Pending && r.PendingSince > 0:
		text += " " + model.Ago(r.PendingSince, now)
	}
	return mark, text
}

// groupChip says what stands in a folded group; an open one speaks through its
// members.
func groupChip(r form.Row) (mark, text string) {
	switch {
	case r.Open:
		return "", ""
	case r.EditedLeaves > 0:
		return marks[r.State], strconv.Itoa(r.EditedLeaves) + " " + r.State.String()
	case r.PendingLeaves > 0:
		return marks[form.Pending], strconv.Itoa(r.PendingLeaves) + " pending"
	default:
		return marks[r.State], r.State.String()
	}
}

// note returns the words under a row; "" when there is nothing to say.
func note(r form.Row) string {
	switch {
	case !r.HasEdit:
		return ""
	case r.State == form.Conflict && r.HasTheir:
		return "theirs: " + clip(form.Shown(r.Theirs), 60)
	case r.State == form.Conflict:
		return "theirs: removed from desired"
	case r.Fault != "":
		return r.Fault
	default:
		return r.Note
	}
}

// clip cuts s to n runes and marks the cut with ….
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// tooLong says why a text cannot be edited in a multi-line entry; "" when it
// can.
func tooLong(text string) string {
	if n := strings.Count(text, "\n") + 1; n > maxLines || len(text) > maxBytes {
		return "This text has " + strconv.Itoa(n) + " lines (" + model.Bytes(int64(len(text))) + "); at most " +
			strconv.Itoa(maxLines) + " lines and " + model.Bytes(maxBytes) + " can be edited here. Edit single properties instead."
	}
	return ""
}

// compactJSON takes the line breaks out of a JSON text of type t; what is no
// JSON, and strings, stay as they are.
func compactJSON(text string, t form.Type) string {
	var b bytes.Buffer
	if t == form.String || json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}

// longText is what the pop-up editor starts with.
func (v *rowView) longText() string {
	text := v.grid.form.TextAt(v.row.Path)
	var b bytes.Buffer
	if v.row.Type == form.String || json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}

// indented writes JSON over several lines; what is no JSON stays.
func indented(text []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return string(text)
	}
	return b.String()
}
