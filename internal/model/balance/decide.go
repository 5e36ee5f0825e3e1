package balance

// Decide gives the moves a node wants now.
func Decide(v View) Decision {
	w := newWorld(v)
	w.refuse()
	w.owner()
	w.usher()
	w.data()
	w.spread()
	return w.decision()
}

// Place says where a program that has just been started on this node should
// run: the node's number, this one's if no other is better. The process need
// not be among the view's; if nothing is known of it, Wants should be what
// programs of its name wanted.
func Place(v View, p Proc) (int, Explanation) {
	w := newWorld(v)
	return w.place(p)
}
