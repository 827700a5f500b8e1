package model_test

import (
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/ui/model"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", -5*3600)
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, zone).UnixMicro()
	for want, at := range map[string]time.Time{
		"02:59:59.123":            time.Date(2026, 1, 2, 7, 59, 59, 123_999_000, time.UTC),
		"01-01 23:59:59.000":      time.Date(2026, 1, 2, 4, 59, 59, 0, time.UTC),
		"2025-12-31 23:59:59.000": time.Date(2026, 1, 1, 4, 59, 59, 0, time.UTC),
		"2025-01-02 03:00:00.000": time.Date(2025, 1, 2, 3, 0, 0, 0, zone),
	} {
		if got := model.Moment(at.UnixMicro(), now, zone); got != want {
			t.Errorf("%v is written %q, want %q", at, got, want)
		}
	}
	if got := model.Exact(now+1, zone); got != "2026-01-02 03:00:00.000001 -05:00" {
		t.Errorf("exact %q", got)
	}
	if model.In(true) != time.UTC || model.In(false) != time.Local {
		t.Error("wrong zones")
	}
	if got := model.Messages(1) + ", " + model.Messages(12345); got != "1 message, 12,345 messages" {
		t.Errorf("messages %q", got)
	}
}
