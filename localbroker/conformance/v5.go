package conformance

import "slices"

// v5 are the exchanges of MQTT 5.0.
func v5() []exchange {
	return slices.Concat(v5Connect, v5ConnectProperties, v5Publish, v5Properties, v5Retained, v5Subscribe, v5Shared, v5Session, v5Will, v5Flow, v5Malformed)
}
