package owner

// sharesOfFree is how many times what would be left a home may have: with 4, one that wants all has four fifths, and a second
// one four fifths of the rest; when both want as much as they get, and some of the first one's end, they become equal.
const sharesOfFree = 4

// MayTake tells whether a home that has so many of a node's places for guests may have one more while so many are free. Who
// takes all that there are would keep everybody else out, for as long as he likes: nobody is sent away for another. So
// there is a rest that grows smaller the more homes there are, and of which each that has nothing yet may have one.
func MayTake(has, free int) bool {
	return free > 0 && (has == 0 || has < sharesOfFree*free)
}
