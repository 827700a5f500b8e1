package shadow

import (
	"encoding/json"
	"maps"
	"strconv"
	"time"
)

// stampAt returns the metadata node of a leaf that was set at t.
func stampAt(t time.Time) Object { return Object{"timestamp": seconds(t)} }

// seconds returns t as whole epoch seconds.
func seconds(t time.Time) json.Number { return json.Number(strconv.FormatInt(t.Unix(), 10)) }

// stampAll returns the metadata of v when all its leaves have the node stamp.
// Arrays have a node per element.
func stampAll(v any, stamp Object) any {
	switch v := v.(type) {
	case Object:
		meta := make(Object, len(v))
		for k, e := range v {
			meta[k] = stampAll(e, stamp)
		}
		return meta
	case []any:
		meta := make([]any, len(v))
		for i, e := range v {
			meta[i] = stampAll(e, stamp)
		}
		return meta
	default:
		return stamp
	}
}

// mergeMeta returns the metadata of Merge(section, patch), when meta is that of
// section: leaves that patch names get the node stamp, others keep theirs. It
// goes by the state, never by the looks of a node, because a member of the
// state may be called timestamp too.
func mergeMeta(section, meta, patch, stamp Object) Object {
	merged := mergeMetaObject(section, meta, patch, stamp)
	if len(merged) == 0 {
		return nil
	}
	return merged
}

func mergeMetaObject(section, meta, patch, stamp Object) Object {
	merged := make(Object, len(meta)+len(patch))
	maps.Copy(merged, meta)
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(merged, k)
		case Object:
			if before, ok := section[k].(Object); ok {
				beforeMeta, _ := meta[k].(Object) // nil in a document without metadata
				merged[k] = mergeMetaObject(before, beforeMeta, v, stamp)
			} else {
				merged[k] = stampAll(withoutNulls(v), stamp)
			}
		default:
			merged[k] = stampAll(withoutNulls(v), stamp)
		}
	}
	return merged
}

// metaOf returns the part of meta that belongs to the members in part, which
// is cut out of the state that meta describes.
func metaOf(part, meta Object) Object {
	cut := make(Object, len(part))
	for k, v := range part {
		sub, isObject := v.(Object)
		subMeta, hasMeta := meta[k].(Object)
		switch {
		case isObject && hasMeta:
			cut[k] = metaOf(sub, subMeta)
		case meta[k] != nil:
			cut[k] = meta[k]
		}
	}
	return cut
}
