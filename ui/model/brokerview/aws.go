package brokerview

import "context"

// AWSMode tells whether the broker behaves as AWS IoT Core, or will when it is
// started.
func (m *Model) AWSMode() bool { return m.aws }

// SetAWSMode switches the AWS mode, unless another command is under way.
func (m *Model) SetAWSMode(on bool) {
	if m.Busy() || on == m.aws {
		return
	}
	m.aws = on
	busy, done := "leaving the AWS mode…", "The AWS mode is off"
	if on {
		busy, done = "entering the AWS mode…", "The AWS mode is on"
	}
	m.command(busy, done, func(ctx context.Context) error { return m.engine.SetAWSMode(ctx, on) })
}

// AWSWords says what the AWS mode does.
func (m *Model) AWSWords() string {
	if m.aws {
		return "Behaves as AWS IoT Core: no QoS 2, payloads up to 128 KB, 8 filters a SUBSCRIBE, reserved $aws topics, its rates."
	}
	return "Off: a plain standard broker. Its log warns of what would fail on AWS IoT Core."
}

// TroubleOn tells whether the broker makes trouble on purpose.
func (m *Model) TroubleOn() bool { return m.head.status.Trouble }
