package shadow

import (
	"strconv"
	"time"
)

// seconds returns t as whole epoch seconds.
func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// end ends a message: timestamp, the client token when the request had one,
// and the brace.
func end(b []byte, at string, t token) []byte {
	b = append(b, `,"timestamp":`...)
	b = append(b, at...)
	return t.end(b)
}

// end ends a message that has no timestamp.
func (t token) end(b []byte) []byte {
	if t != "" {
		b = append(b, `,"clientToken":`...)
		b = append(b, t...)
	}
	return append(b, '}')
}

func (s *Service) get(k Key, payload []byte, now time.Time) []Reply {
	t, bad := looseToken(&s.parser, payload)
	if bad != nil {
		return []Reply{bad.reply(k, suffixGet, "")}
	}
	r := s.live(k)
	if r == nil {
		return []Reply{noShadow(k).reply(k, suffixGet, t)}
	}
	d, err := s.parser.parseStored(string(r.Document))
	if err != nil {
		return []Reply{serverFault.reply(k, suffixGet, t)}
	}
	delta := deltaNodes(d.desired, d.reported)
	b := make([]byte, 0, len(r.Document)+256)
	b = d.appendBody(append(b, '{'), delta)
	return []Reply{{Topic: k.Topic("get/accepted"), Payload: end(b, seconds(now), t)}}
}

func (s *Service) delete(k Key, payload []byte, now time.Time) ([]Reply, *Change) {
	t, bad := looseToken(&s.parser, payload)
	if bad != nil {
		return []Reply{bad.reply(k, suffixDelete, "")}, nil
	}
	r := s.live(k)
	if r == nil {
		return []Reply{noShadow(k).reply(k, suffixDelete, t)}, nil
	}
	expired := s.sweep(now)
	change := s.commit(Record{
		Key: k, Version: r.Version + deleteSteps, Deleted: true, At: now.UnixMicro(),
	}, suffixDelete, t)
	change.Expired = expired
	b := strconv.AppendInt([]byte(`{"version":`), r.Version, 10)
	return []Reply{{Topic: k.Topic("delete/accepted"), Payload: end(b, seconds(now), t)}}, change
}

func (s *Service) update(k Key, payload []byte, now time.Time) ([]Reply, *Change) {
	r, bad := decodeUpdate(&s.parser, payload, s.Limits.depth())
	reject := func(bad *rejection) ([]Reply, *Change) {
		return []Reply{bad.reply(k, suffixUpdate, r.token)}, nil
	}
	if bad != nil {
		return reject(bad)
	}

	var (
		before   stored
		previous = []byte("null")
		version  = int64(firstVersion - 1) // the last one given out
		live     = s.live(k)
		grave    = s.tombstone(k, now)
	)
	switch {
	case live != nil:
		var err error
		if before, err = s.parser.parseStored(string(live.Document)); err != nil {
			return reject(serverFault)
		}
		previous, version = live.Document, live.Version
	case grave != nil:
		previous, version = []byte(previousOfReborn), grave.Version
	}
	if !r.wants(version, grave != nil) {
		return reject(versionConflict)
	}

	at := seconds(now)
	after := before.apply(r, at)
	if after.size() > s.Limits.document() {
		return reject(tooLarge)
	}
	after.version = version + 1
	current := after.appendDocument(make([]byte, 0, len(previous)+2*len(payload)))
	change := s.commit(Record{
		Key: k, Version: after.version, Document: current, At: now.UnixMicro(),
	}, suffixUpdate, r.token)
	return updateReplies(k, r, after, previous, current, at), change
}

// updateReplies returns delta, when there is one, documents and accepted. Old
// device SDKs drop a delta whose version they have seen on accepted, so
// accepted comes last.
func updateReplies(k Key, r *request, after stored, previous, current []byte, at string) []Reply {
	replies := make([]Reply, 0, 3)
	add := func(suffix string, payload []byte) {
		replies = append(replies, Reply{k.Topic(suffix), payload})
	}
	if delta := deltaNodes(after.desired, after.reported); len(delta) > 0 {
		b := strconv.AppendInt([]byte(`{"version":`), after.version, 10)
		b = append(append(b, `,"timestamp":`...), at...)
		b = appendMembers(append(b, `,"state":`...), delta)
		b = appendMembersMeta(append(b, `,"metadata":`...), delta, "")
		add("update/delta", r.token.end(b))
	}

	b := make([]byte, 0, len(previous)+len(current)+len(r.token)+80)
	b = append(append(b, `{"previous":`...), previous...)
	b = append(append(b, `,"current":`...), current...)
	add("update/documents", end(b, at, r.token))

	b = r.state.appendJSON([]byte(`{"state":`)) // as sent, nulls included
	b = r.state.appendMeta(append(b, `,"metadata":`...), at)
	b = strconv.AppendInt(append(b, `,"version":`...), after.version, 10)
	add("update/accepted", end(b, at, r.token))
	return replies
}
