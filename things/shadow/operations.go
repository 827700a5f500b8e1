package shadow

import "time"

func (s *Service) get(k Key, payload []byte, now time.Time) []Reply {
	token, bad := looseToken(payload)
	if bad != nil {
		return []Reply{bad.reply(k, suffixGet, nil)}
	}
	r := s.live(k)
	if r == nil {
		return []Reply{noShadow(k).reply(k, suffixGet, token)}
	}
	d, err := DecodeDocument(r.Document)
	if err != nil {
		return []Reply{serverFault.reply(k, suffixGet, token)}
	}
	var more []member
	if delta := Delta(d.Desired, d.Reported); delta != nil {
		more = []member{{"delta", delta}}
	}
	return []Reply{{
		Topic: k.Topic("get/accepted"),
		Payload: encodeMembers(withToken(token,
			member{"state", sections(d.Desired, d.Reported, more...)},
			member{"metadata", sections(d.DesiredMeta, d.ReportedMeta)}, // no delta there
			member{"version", versionNumber(d.Version)},
			member{"timestamp", seconds(now)},
		)...),
	}}
}

func (s *Service) delete(k Key, payload []byte, now time.Time) ([]Reply, *Change) {
	token, bad := looseToken(payload)
	if bad != nil {
		return []Reply{bad.reply(k, suffixDelete, nil)}, nil
	}
	r := s.live(k)
	if r == nil {
		return []Reply{noShadow(k).reply(k, suffixDelete, token)}, nil
	}
	s.sweep(now)
	change := s.commit(Record{
		Key: k, Version: r.Version + deleteSteps, Deleted: true, At: now.UnixMicro(),
	}, suffixDelete, token)
	return []Reply{{
		Topic: k.Topic("delete/accepted"),
		Payload: encodeMembers(withToken(token,
			member{"version", versionNumber(r.Version)},
			member{"timestamp", seconds(now)},
		)...),
	}}, change
}

func (s *Service) update(k Key, payload []byte, now time.Time) ([]Reply, *Change) {
	r, bad := decodeUpdate(payload, s.Limits.depth())
	reject := func(bad *rejection) ([]Reply, *Change) {
		return []Reply{bad.reply(k, suffixUpdate, r.token)}, nil
	}
	if bad != nil {
		return reject(bad)
	}

	var (
		before   Document
		previous = raw("null") // U11: also for a shadow that comes back
		version  int64         // the last one given out, 0 for none
		live     = s.live(k)
		grave    = s.tombstone(k, now)
	)
	switch {
	case live != nil:
		var err error
		if before, err = DecodeDocument(live.Document); err != nil {
			return reject(serverFault)
		}
		previous, version = live.Document, live.Version
	case grave != nil:
		version = grave.Version
	}
	if !r.wants(version, grave != nil) {
		return reject(versionConflict)
	}

	stamp := stampAt(now)
	after := before.apply(r, stamp)
	if after.size() > s.Limits.document() {
		return reject(tooLarge)
	}
	after.Version = version + 1
	current := after.encode()
	change := s.commit(Record{
		Key: k, Version: after.Version, Document: current, At: now.UnixMicro(),
	}, suffixUpdate, r.token)
	return updateReplies(k, r, after, previous, current, stamp), change
}

// updateReplies returns delta, when there is one, documents and accepted.
func updateReplies(k Key, r request, after Document, previous, current raw, stamp Object) []Reply {
	var (
		version   = member{"version", versionNumber(after.Version)}
		timestamp = member{"timestamp", stamp["timestamp"]}
		replies   = make([]Reply, 0, 3)
		add       = func(suffix string, ms ...member) {
			replies = append(replies, Reply{k.Topic(suffix), encodeMembers(withToken(r.token, ms...)...)})
		}
	)
	if delta, meta := after.delta(); delta != nil {
		add("update/delta", version, timestamp, member{"state", delta}, member{"metadata", meta})
	}
	add("update/documents", member{"previous", previous}, member{"current", current}, timestamp)
	state, meta := r.echo(stamp)
	add("update/accepted", member{"state", state}, member{"metadata", meta}, version, timestamp)
	return replies
}

// echo returns the state as it was sent, nulls included, and the metadata that
// mirrors it with a node for every leaf, null leaves too (U10).
func (r *request) echo(stamp Object) (state, meta any) {
	if r.state == nil {
		return nil, stamp
	}
	return r.state, stampAll(r.state, stamp)
}
