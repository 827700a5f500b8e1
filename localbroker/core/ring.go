package core

// ring is a queue that grows as needed and gives its memory back when empty.
type ring[T any] struct {
	items []T // length is a power of two, or 0
	head  int
	n     int
}

// keepItems is how many items an empty ring keeps memory for.
const keepItems = 64

func (r *ring[T]) len() int { return r.n }

// at returns the item that i others are before.
func (r *ring[T]) at(i int) *T { return &r.items[(r.head+i)&(len(r.items)-1)] }

func (r *ring[T]) push(v T) {
	if r.n == len(r.items) {
		r.grow()
	}
	*r.at(r.n) = v
	r.n++
}

func (r *ring[T]) pop() T {
	var zero T
	first := r.at(0)
	v := *first
	*first = zero
	r.head = (r.head + 1) & (len(r.items) - 1)
	if r.n--; r.n == 0 && len(r.items) > keepItems {
		r.items, r.head = nil, 0
	}
	return v
}

func (r *ring[T]) grow() {
	items := make([]T, max(4, 2*len(r.items)))
	for i := range r.n {
		items[i] = *r.at(i)
	}
	r.items, r.head = items, 0
}
