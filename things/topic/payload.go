package topic

// link chains a slot into a fifo.
type link struct {
	older, newer slotID
}

func prevLinks(s *slot) *link { return &s.prevLink }
func lastLinks(s *slot) *link { return &s.lastLink }

// fifo is a queue of slots, linked through the slots themselves.
type fifo struct {
	links          func(*slot) *link
	oldest, newest slotID
}

type slots = arena[slotID, slot]

func (f *fifo) push(a *slots, id slotID) {
	f.links(a.at(id)).older = f.newest
	if f.newest == none {
		f.oldest = id
	} else {
		f.links(a.at(f.newest)).newer = id
	}
	f.newest = id
}

// remove takes a slot out, if it is in.
func (f *fifo) remove(a *slots, id slotID) {
	l := f.links(a.at(id))
	if l.older == none && f.oldest != id {
		return
	}
	if l.older == none {
		f.oldest = l.newer
	} else {
		f.links(a.at(l.older)).newer = l.newer
	}
	if l.newer == none {
		f.newest = l.older
	} else {
		f.links(a.at(l.newer)).older = l.older
	}
	*l = link{}
}

// keep makes s the last sample of the slot and the last one the previous, then
// lets payload go until Limits.Payload is kept.
func (ix *Index) keep(id slotID, s Sample) {
	slot := ix.slots.at(id)
	slot.own++
	ix.payload += len(s.Payload) - len(slot.prev.Payload)
	slot.prev, slot.last = slot.last, s
	ix.prevs.remove(&ix.slots, id)
	if len(slot.prev.Payload) > 0 {
		ix.prevs.push(&ix.slots, id)
	}
	ix.lasts.remove(&ix.slots, id)
	if len(slot.last.Payload) > 0 {
		ix.lasts.push(&ix.slots, id)
	}
	for ix.payload > ix.limits.Payload {
		ix.release()
	}
}

// release lets go of the payload that is missed least. There is one, for the
// queues hold every slot with payload.
func (ix *Index) release() {
	if id := ix.prevs.oldest; id != none {
		slot := ix.slots.at(id)
		ix.prevs.remove(&ix.slots, id)
		ix.payload -= len(slot.prev.Payload)
		slot.prev = Sample{}
		ix.prevFreed++
		return
	}
	id := ix.lasts.oldest
	slot := ix.slots.at(id)
	ix.lasts.remove(&ix.slots, id)
	ix.payload -= len(slot.last.Payload)
	slot.last.Payload = nil
	ix.lastFreed++
}
