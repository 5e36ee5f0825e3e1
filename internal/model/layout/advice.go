package layout

import "openmosix/internal/model/image"

// Advised is advice that holds for a range.
type Advised struct {
	image.Range
	Advice image.Advice
}

// AdviceOf lists where mappings have advice.
func AdviceOf(vmas []image.VMA) []Advised {
	var all []Advised
	for i := range vmas {
		if v := &vmas[i]; v.Advice != 0 {
			all = append(all, Advised{v.Range, v.Advice})
		}
	}
	return all
}

// MarkAdvice gives mappings the advice that is known for where they are. The kernel keeps
// mappings of different advice apart, so what is known of a part holds for the whole.
func MarkAdvice(vmas []image.VMA, known []Advised) {
	k := 0
	for i := range vmas {
		v := &vmas[i]
		if v.Kind == image.Special {
			continue
		}
		for k < len(known) && known[k].End <= v.Start {
			k++
		}
		if k < len(known) && known[k].Start < v.End {
			v.Advice = known[k].Advice
		}
	}
}

// WithoutAdvice is what is known without some of it. What was known stays as it was.
func WithoutAdvice(known []Advised, less image.Advice) []Advised {
	var rest []Advised
	for _, k := range known {
		if k.Advice &^= less; k.Advice != 0 {
			rest = append(rest, k)
		}
	}
	return rest
}
