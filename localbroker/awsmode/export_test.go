package awsmode

// Names returns how many client IDs are kept.
func (m *ConnectMeter) Names() int { return len(m.clients.names) }
