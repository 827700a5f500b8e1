package shadow

// Delta returns what is in desired and differs from reported: members that
// reported lacks with their whole value, of objects in both only what differs
// inside, of everything else that is not Equal the desired value, arrays
// whole. Members only in reported never count. It returns nil when nothing
// differs. A desired {} is in the delta when reported lacks the member, and
// does not differ from any object (U12).
//
// The arguments are not changed; the result shares parts with desired.
func Delta(desired, reported Object) Object {
	var delta Object
	for k, want := range desired {
		have, ok := reported[k]
		diff := want
		if ok {
			var differs bool
			if diff, differs = difference(want, have); !differs {
				continue
			}
		}
		if delta == nil {
			delta = make(Object)
		}
		delta[k] = diff
	}
	return delta
}

// difference returns the delta of two values that both exist.
func difference(want, have any) (diff any, differs bool) {
	wantObject, ok1 := want.(Object)
	haveObject, ok2 := have.(Object)
	if ok1 && ok2 {
		sub := Delta(wantObject, haveObject)
		return sub, sub != nil
	}
	return want, !Equal(want, have)
}
