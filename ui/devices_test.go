package ui

import (
	"testing"

	"github.com/thingdesk/thingdesk/localbroker/authority"
)

func TestDeviceIsRevoked(t *testing.T) { //nolint:paralleltest // Fyne's test application is global
	k := newDesk(t, t.TempDir())
	l := k.showDevices()
	if !l.none.Visible() || !l.revoke.Disabled() {
		t.Error("something to revoke in an empty list")
	}
	for _, name := range []string{"old", "new"} {
		if _, err := k.bench.IssueKit(t.Context(), name, 10, authority.P256, []string{"localhost"}, 8883); err != nil {
			t.Fatal(err)
		}
	}
	l.read()
	k.eventually("both", func() bool { return l.Len() == 2 && l.rows[0].Name == "new" && !l.none.Visible() })
	l.table.OnSelected(1)
	l.revoke.OnTapped()
	k.answer("Revoke")
	k.eventually("revoked", func() bool { return !l.rows[1].Revoked.IsZero() && l.revoke.Disabled() })
	if issued, err := k.bench.IssuedDevices(); err != nil || issued[0].Revoked.IsZero() || !issued[1].Revoked.IsZero() {
		t.Errorf("issued %+v, %v", issued, err)
	}
}
