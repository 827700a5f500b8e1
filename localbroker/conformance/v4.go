package conformance

import "slices"

// v4 are the exchanges of MQTT 3.1.1.
func v4() []exchange {
	return slices.Concat(v4Connect, v4Publish, v4Retained, v4Subscribe, v4Session, v4Will, v4Malformed)
}
