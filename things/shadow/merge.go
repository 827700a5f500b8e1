package shadow

import "maps"

// Merge returns section after an update that named patch for it. Members that
// patch does not name stay. null removes a member; an object merges into an
// object; everything else replaces. What is new is stored without null
// members, and an object that becomes empty stays as {} (U5). An empty object
// changes nothing where there is an object already (U3, U4). The result is nil
// when no member is left, for an empty section is absent.
//
// Neither argument is changed. The result shares parts with both.
func Merge(section, patch Object) Object {
	merged := mergeObject(section, patch)
	if len(merged) == 0 {
		return nil
	}
	return merged
}

func mergeObject(old, patch Object) Object {
	merged := make(Object, len(old)+len(patch))
	maps.Copy(merged, old)
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(merged, k)
		case Object:
			if before, ok := old[k].(Object); ok {
				merged[k] = mergeObject(before, v)
			} else {
				merged[k] = withoutNulls(v)
			}
		default:
			merged[k] = withoutNulls(v)
		}
	}
	return merged
}

// withoutNulls returns v as it is stored where nothing was: objects, those in
// arrays too, lose their null members.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case Object:
		kept := make(Object, len(v))
		for k, e := range v {
			if e != nil {
				kept[k] = withoutNulls(e)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i, e := range v {
			kept[i] = withoutNulls(e)
		}
		return kept
	default:
		return v
	}
}
